"""Coupons: batches, how users come by them, and what becomes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from rangli.client.calls import (
    Methods,
    fresh_request_id,
    in_messages,
    named,
    pages,
    repeatable,
)
from rangli.client.channels import COUPON, Channels
from rangli.v1 import coupon_codes_pb2 as cb
from rangli.v1 import coupon_jobs_pb2 as jb
from rangli.v1 import coupon_service_pb2 as pb
from rangli.v1.coupon_pb2 import Coupon, CouponBatch, CouponState

_BATCH_S = 15.0
_CODES_S = 300.0
_START_S = 60.0  # a set of millions is cut into shards first


class Coupons:
    """`rangli.v1.CouponService`.

    A change is its message; without a request_id it gets a fresh one, which makes the retries
    inside that call safe. Whoever may have to ask again later, such as for a shopper who pressed
    the button twice, gives one of his own. Raises CallRefused.
    """

    def __init__(self, channels: Channels, metadata: tuple[tuple[str, str], ...]) -> None:
        methods = Methods(channels, COUPON, metadata)
        unary = methods.unary
        self._create_batch = unary("CreateBatch", pb.CreateBatchRequest, CouponBatch)
        self._update_batch = unary("UpdateBatch", pb.UpdateBatchRequest, CouponBatch)
        self._pause_batch = unary("PauseBatch", pb.BatchVerbRequest, CouponBatch)
        self._resume_batch = unary("ResumeBatch", pb.BatchVerbRequest, CouponBatch)
        self._close_batch = unary("CloseBatch", pb.BatchVerbRequest, CouponBatch)
        self._batch = unary("GetBatch", pb.GetBatchRequest, CouponBatch)
        self._batches = unary("ListBatches", pb.ListBatchesRequest, pb.ListBatchesResponse)
        self._claim = unary("Claim", pb.ClaimRequest, pb.ClaimResponse)
        self._claims = unary("BatchClaim", pb.BatchClaimRequest, pb.BatchClaimResponse, _BATCH_S)
        self._issue = unary("Issue", pb.IssueRequest, pb.ClaimResponse)
        self._issues = unary("BatchIssue", pb.BatchIssueRequest, pb.BatchIssueResponse, _BATCH_S)
        self._get = unary("GetCoupon", pb.GetCouponRequest, Coupon)
        self._list = unary("ListCoupons", pb.ListCouponsRequest, pb.ListCouponsResponse)
        self._void = unary("VoidCoupon", pb.VoidCouponRequest, Coupon)
        self._freeze = unary("FreezeCoupon", pb.CouponVerbRequest, Coupon)
        self._unfreeze = unary("UnfreezeCoupon", pb.CouponVerbRequest, Coupon)
        self._extend = unary("ExtendCoupon", pb.ExtendCouponRequest, Coupon)
        self._transfer = unary("TransferCoupon", pb.TransferCouponRequest, Coupon)
        self._redeem = unary("RedeemCode", cb.RedeemCodeRequest, pb.ClaimResponse)
        self._generate = methods.server_stream(
            "GenerateCodes", cb.GenerateCodesRequest, cb.GenerateCodesResponse, _CODES_S
        )
        self._import = methods.client_stream(
            "ImportCodes", cb.ImportCodesRequest, cb.CodeSet, _CODES_S
        )
        self._vanity = unary("PutVanityCode", cb.PutVanityCodeRequest, cb.CodeSet)
        self._void_codes = unary("VoidCodes", cb.VoidCodesRequest, cb.CodeSet)
        self._code_sets = unary("ListCodeSets", cb.ListCodeSetsRequest, cb.ListCodeSetsResponse)
        self._start_job = unary("StartIssueJob", jb.StartIssueJobRequest, jb.IssueJob, _START_S)
        self._job = unary("GetIssueJob", jb.GetIssueJobRequest, jb.IssueJob)
        self._jobs = unary("ListIssueJobs", jb.ListIssueJobsRequest, jb.ListIssueJobsResponse)
        self._change_job = unary("ChangeIssueJob", jb.ChangeIssueJobRequest, jb.IssueJob)
        self._failures = unary(
            "ListIssueFailures", jb.ListIssueFailuresRequest, jb.ListIssueFailuresResponse
        )

    # Batches

    async def create_batch(self, request: pb.CreateBatchRequest) -> CouponBatch:
        """Makes a batch of coupons of a CREDENTIAL activity."""
        return await self._create_batch(named(request))

    async def update_batch(self, request: pb.UpdateBatchRequest) -> CouponBatch:
        """Changes what a batch gives from now on."""
        return await self._update_batch(named(request))

    async def pause_batch(self, request: pb.BatchVerbRequest) -> CouponBatch:
        """Nobody gets a coupon of it until it is resumed."""
        return await self._pause_batch(named(request))

    async def resume_batch(self, request: pb.BatchVerbRequest) -> CouponBatch:
        """It gives coupons again."""
        return await self._resume_batch(named(request))

    async def close_batch(self, request: pb.BatchVerbRequest) -> CouponBatch:
        """It gives coupons no more, for good."""
        return await self._close_batch(named(request))

    async def batch(self, batch_id: str) -> CouponBatch:
        """A batch as it is now."""
        return await self._batch(pb.GetBatchRequest(batch_id=batch_id))

    async def batches(self, *, activity_id: str = "") -> AsyncIterator[CouponBatch]:
        """The batches by id, all or an activity's, page after page as they are read."""
        async for page in pages(self._batches, pb.ListBatchesRequest(activity_id=activity_id)):
            for batch in page.batches:
                yield batch

    # Giving

    async def claim(self, request: pb.ClaimRequest) -> Coupon:
        """A user takes a coupon."""
        return (await self._claim(named(request))).coupon

    async def batch_claim(
        self, claims: Iterable[pb.ClaimRequest]
    ) -> list[pb.BatchClaimResponse.Item]:
        """Up to 100 claims, each with its own outcome, in order."""
        request = pb.BatchClaimRequest(claims=[named(one) for one in claims])
        return list((await self._claims(request)).items)

    async def issue(self, request: pb.IssueRequest) -> Coupon:
        """An operator or another system gives a user a coupon."""
        return (await self._issue(named(request))).coupon

    async def batch_issue(
        self, issues: Iterable[pb.IssueRequest]
    ) -> list[pb.BatchClaimResponse.Item]:
        """Up to 1,000 of them, each with its own outcome, in order."""
        request = pb.BatchIssueRequest(issues=[named(one) for one in issues])
        return list((await self._issues(request)).items)

    # Coupons

    async def get(self, user_id: str, coupon_id: str) -> Coupon:
        """A coupon as it is now."""
        return await self._get(pb.GetCouponRequest(user_id=user_id, coupon_id=coupon_id))

    async def of_user(
        self,
        user_id: str,
        *,
        states: Iterable[CouponState] = (),
        expiring_within_days: int = 0,
        batch_id: str = "",
    ) -> AsyncIterator[Coupon]:
        """A user's coupons, newest first, page after page as they are read.

        expiring_within_days: only usable ones that expire so soon, the soonest first.
        """
        request = pb.ListCouponsRequest(
            user_id=user_id,
            states=states,
            expiring_within_days=expiring_within_days,
            batch_id=batch_id,
        )
        async for page in pages(self._list, request):
            for coupon in page.coupons:
                yield coupon

    async def void(self, request: pb.VoidCouponRequest) -> Coupon:
        """Ends a coupon that is not used; with `restock` it can be claimed again."""
        return await self._void(named(request))

    async def freeze(self, request: pb.CouponVerbRequest) -> Coupon:
        """No order can use it until it is unfrozen."""
        return await self._freeze(named(request))

    async def unfreeze(self, request: pb.CouponVerbRequest) -> Coupon:
        """Ends a freeze."""
        return await self._unfreeze(named(request))

    async def extend(self, request: pb.ExtendCouponRequest) -> Coupon:
        """Gives it a later end."""
        return await self._extend(named(request))

    async def transfer(self, request: pb.TransferCouponRequest) -> Coupon:
        """Its owner gives it to another user."""
        return await self._transfer(named(request))

    # Codes

    async def redeem(self, request: cb.RedeemCodeRequest) -> Coupon:
        """A user redeems a code."""
        return (await self._redeem(named(request))).coupon

    async def generate_codes(
        self, batch_id: str, count: int, *, prefix: str = ""
    ) -> AsyncIterator[cb.GenerateCodesResponse]:
        """Makes codes, which come once and here: the first message names their set.

        Keep them as they come. A stream that breaks leaves a set to be voided; it is not repeated.
        """
        request = cb.GenerateCodesRequest(batch_id=batch_id, count=count, prefix=prefix)
        async for message in self._generate(request):
            yield message

    async def import_codes(
        self, batch_id: str, typed: Iterable[str], *, request_id: str = ""
    ) -> cb.CodeSet:
        """Takes codes that somebody else has made, all or none.

        A list or tuple is sent again if the server goes away meanwhile; another iterable is not.
        """
        header = cb.ImportCodesRequest.Header(
            request_id=request_id or fresh_request_id(), batch_id=batch_id
        )

        async def messages() -> AsyncIterator[cb.ImportCodesRequest]:
            yield cb.ImportCodesRequest(header=header)
            for chunk in in_messages(typed):
                yield cb.ImportCodesRequest(codes=chunk)

        return await self._import(messages, repeatable=repeatable(typed))

    async def put_vanity_code(self, request: cb.PutVanityCodeRequest) -> cb.CodeSet:
        """A code that many may redeem, or a new cap of it."""
        return await self._vanity(named(request))

    async def void_codes(self, request: cb.VoidCodesRequest) -> cb.CodeSet:
        """Ends the codes of a set that were not redeemed yet."""
        return await self._void_codes(named(request))

    async def code_sets(self, batch_id: str) -> AsyncIterator[cb.CodeSet]:
        """A batch's code sets by id, page after page as they are read."""
        async for page in pages(self._code_sets, cb.ListCodeSetsRequest(batch_id=batch_id)):
            for code_set in page.code_sets:
                yield code_set

    # Jobs

    async def start_job(self, request: jb.StartIssueJobRequest) -> jb.IssueJob:
        """Begins to give a coupon to every member of a user set."""
        return await self._start_job(named(request))

    async def job(self, job_id: str) -> jb.IssueJob:
        """A job as it is now."""
        return await self._job(jb.GetIssueJobRequest(job_id=job_id))

    async def jobs(self, *, batch_id: str = "") -> AsyncIterator[jb.IssueJob]:
        """The jobs, newest first, all or a batch's, page after page as they are read."""
        async for page in pages(self._jobs, jb.ListIssueJobsRequest(batch_id=batch_id)):
            for job in page.jobs:
                yield job

    async def change_job(self, request: jb.ChangeIssueJobRequest) -> jb.IssueJob:
        """Pauses, resumes or cancels a job, or changes its speed."""
        return await self._change_job(named(request))

    async def job_failures(self, job_id: str) -> AsyncIterator[jb.IssueFailure]:
        """Whom the job could not give a coupon, by user, page after page as they are read."""
        async for page in pages(self._failures, jb.ListIssueFailuresRequest(job_id=job_id)):
            for failure in page.failures:
                yield failure
