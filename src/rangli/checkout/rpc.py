"""CheckoutService: between its messages and the domain."""

from __future__ import annotations

from functools import partial

from rangli.activities.feed import CatalogueFeed
from rangli.checkout import answer_rpc as answers
from rangli.checkout import asked_rpc as read
from rangli.checkout import commits, evaluate_rpc, orders, reading_rpc, refunds, reserve_rpc
from rangli.checkout.evaluating_rpc import Evaluator
from rangli.checkout.snapshots import Snapshots
from rangli.core.call import Method, Service
from rangli.pricing.refunds.model import Order as Paid
from rangli.pricing.refunds.snapshot_rpc import order_of
from rangli.pricing.threads import Threads
from rangli.storage.batched_rpc import Batched
from rangli.storage.batcher import Batching
from rangli.storage.stores import Stores
from rangli.v1 import checkout_pb2 as cb
from rangli.v1 import checkout_service_pb2 as pb
from rangli.v1 import refund_pb2

NAME = "rangli.v1.CheckoutService"


def expose(stores: Stores, batching: Batching, feed: CatalogueFeed) -> Service:
    """The service on these stores."""
    threads = Threads()
    evaluator = Evaluator(stores, feed, threads)
    snapshots = Snapshots(_paid, threads)
    rpc = _Orders(batching, snapshots)
    return Service(
        NAME,
        (
            *evaluate_rpc.methods(evaluator),
            *reserve_rpc.methods(stores.pg, batching, evaluator),
            *reading_rpc.methods(stores.pg, snapshots),
            Method("CommitOrder", pb.CommitOrderRequest, rpc.commit),
            Method("ReleaseOrder", pb.ReleaseOrderRequest, rpc.release),
            Method("RefundOrder", pb.RefundOrderRequest, rpc.refund, deadline_s_max=10.0),
        ),
    )


class _Orders:
    def __init__(self, batching: Batching, snapshots: Snapshots) -> None:
        self.commit = Batched(
            batching,
            f"{NAME}/CommitOrder",
            ask=read.commit,
            decide=partial(commits.commit, snapshots=snapshots),
            say=answers.order,
            answer=cb.Order,
        )
        self.release = Batched(
            batching,
            f"{NAME}/ReleaseOrder",
            ask=read.release,
            decide=orders.release,
            say=answers.order,
            answer=cb.Order,
        )
        self.refund = Batched(
            batching,
            f"{NAME}/RefundOrder",
            ask=read.refund,
            decide=partial(refunds.refund, snapshots=snapshots),
            say=answers.refunded,
            answer=pb.RefundOrderResponse,
        )


def _paid(snapshot: bytes) -> Paid:
    return order_of(refund_pb2.QuoteSnapshot.FromString(snapshot))
