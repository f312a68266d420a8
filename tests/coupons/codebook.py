"""Codes of a tenant's batches, called as a transport calls the service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rangli.v1 import coupon_service_pb2 as pb
from tests.coupons.mint import Mint
from tests.world import request_id

GENERATED, IMPORTED = pb.CODE_SET_KIND_GENERATED, pb.CODE_SET_KIND_IMPORTED
VANITY = pb.CODE_SET_KIND_VANITY


class Codebook:
    """The codes of a tenant."""

    def __init__(self, mint: Mint) -> None:
        self.mint = mint

    async def stream(self, count: int, **fields: Any) -> Any:
        """The messages of GenerateCodes, one after the other."""
        fields.setdefault("batch_id", "b1")
        return await self.mint.call("GenerateCodes", pb.GenerateCodesRequest(count=count, **fields))

    async def generate(self, count: int = 1, **fields: Any) -> tuple[pb.CodeSet, list[str]]:
        messages = [message async for message in await self.stream(count, **fields)]
        return messages[0].code_set, [code for message in messages for code in message.codes]

    async def import_codes(self, codes: Sequence[str], **header: Any) -> pb.CodeSet:
        header.setdefault("request_id", request_id())
        header.setdefault("batch_id", "b1")
        messages = [
            pb.ImportCodesRequest(codes=codes[at : at + 1_000])
            for at in range(0, len(codes), 1_000)
        ]
        messages[0].header.MergeFrom(pb.ImportCodesRequest.Header(**header))
        return await self.mint.call("ImportCodes", messages)

    async def put(self, code: str = "SUMMER", most: int = 10, **fields: Any) -> pb.CodeSet:
        fields.setdefault("request_id", request_id())
        fields.setdefault("batch_id", "b1")
        request = pb.PutVanityCodeRequest(code=code, most=most, **fields)
        return await self.mint.call("PutVanityCode", request)

    async def void(self, code_set: pb.CodeSet, **fields: Any) -> pb.CodeSet:
        fields.setdefault("request_id", request_id())
        request = pb.VoidCodesRequest(code_set_id=code_set.code_set_id, **fields)
        return await self.mint.call("VoidCodes", request)

    async def sets(self, batch_id: str = "b1", **fields: Any) -> list[pb.CodeSet]:
        request = pb.ListCodeSetsRequest(batch_id=batch_id, **fields)
        return list((await self.mint.call("ListCodeSets", request)).code_sets)

    async def redeem(self, code: str, user_id: str = "ann", **fields: Any) -> pb.Coupon:
        fields.setdefault("request_id", request_id())
        request = pb.RedeemCodeRequest(code=code, user_id=user_id, **fields)
        return (await self.mint.call("RedeemCode", request)).coupon
