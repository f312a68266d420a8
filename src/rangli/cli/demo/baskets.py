"""Baskets on their way out as quotes, answers on their way back as columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
from google.protobuf.timestamp_pb2 import Timestamp

from rangli.cli.demo.offers import BOOK_ID, CURRENCY, MANUFACTURER, RETAILER
from rangli.client import adjustments_of
from rangli.v1.fund_service_pb2 import BatchSpendRequest, FunderPart, ReserveItem
from rangli.v1.pricing_service_pb2 import (
    CartLine,
    Credential,
    NotAppliedReason,
    QuoteRequest,
    QuoteResponse,
)


class Baskets:
    """The lines of some first weeks, basket by basket in time order.

    lines: as `Journey.lines`, whole baskets, index from 0.
    """

    def __init__(
        self, lines: pd.DataFrame, products: pd.DataFrame, presented: pd.DataFrame
    ) -> None:
        self.lines = lines
        basket_ids = lines["basket_id"].to_numpy()
        first = np.flatnonzero(np.r_[True, basket_ids[1:] != basket_ids[:-1]])
        self.first = [*first.tolist(), len(lines)]
        self.basket_ids = basket_ids[first].tolist()
        self._households = lines["household_id"].iloc[first].astype(str).tolist()
        self._stores = lines["store_id"].iloc[first].astype(str).tolist()
        # To whole seconds first: pandas keeps instants in several units.
        self._seconds = lines["at"].iloc[first].dt.as_unit("s").astype("int64").tolist()
        self._sku = lines["product_id"].tolist()
        self._quantity = lines["quantity"].tolist()
        self._unit_list = lines["unit_list_minor"].tolist()
        self._facts = {
            row.product_id: (row.brand or None, row.category_path or None)
            for row in products.itertuples(index=False)
        }
        self._credentials: dict[int, list[Credential]] = {}
        for row in presented.itertuples(index=False):
            credential = Credential(credential_id=row.credential_id, activity_id=row.activity_id)
            self._credentials.setdefault(row.basket_id, []).append(credential)

    def __len__(self) -> int:
        return len(self.basket_ids)

    def request(self, basket: int, *, explain: bool = False) -> QuoteRequest:
        """The basket as the caller of the service would ask for it; the first one is 0."""
        first, after = self.first[basket], self.first[basket + 1]
        return QuoteRequest(
            currency=CURRENCY,
            lines=[self._line(index, index - first) for index in range(first, after)],
            user_id=self._households[basket],
            store_id=self._stores[basket],
            priced_at=self.at(basket),
            credentials=self._credentials.get(self.basket_ids[basket], ()),
            explain=explain,
        )

    def at(self, basket: int) -> Timestamp:
        """When the till closed it."""
        return Timestamp(seconds=self._seconds[basket])

    def _line(self, index: int, position: int) -> CartLine:
        sku = self._sku[index]
        brand, category_path = self._facts.get(sku, (None, None))
        return CartLine(
            line_id=str(position),
            sku=str(sku),
            quantity=self._quantity[index],
            list_minor=self._unit_list[index],
            category_path=category_path,
            brand=brand,
            position=position,
        )


class Answers:
    """What the service answered, in columns beside the lines."""

    def __init__(self, baskets: Baskets) -> None:
        self._baskets = baskets
        size = len(baskets.lines)
        self._payable = [-1] * size
        self._book = [0] * size
        self._borne = {RETAILER: [0] * size, MANUFACTURER: [0] * size}
        self._coupons: list[tuple[str, int, int, int]] = []
        self._refused: dict[str, str] = {}
        self._given: dict[int, list[ReserveItem]] = {}

    def take(self, basket: int, quote: QuoteResponse) -> None:
        """Note the answer to the basket's request."""
        first = self._baskets.first[basket]
        for index, line in enumerate(quote.lines, start=first):
            self._payable[index] = line.payable_minor
            for cut in adjustments_of(quote, line):
                parts = cut.funders()
                for funder, amount_minor in parts.items():
                    self._borne[funder][index] += amount_minor
                if cut.activity.activity_id == BOOK_ID:
                    self._book[index] += cut.amount_minor
                if cut.activity.credential_id:
                    self._coupons.append(
                        (
                            cut.activity.credential_id,
                            index,
                            parts.get(MANUFACTURER, 0),
                            parts.get(RETAILER, 0),
                        )
                    )
        if quote.applied:
            self._given[basket] = _given(quote)
        for refusal in quote.not_applied:
            if refusal.credential_id:
                reason = NotAppliedReason.Name(refusal.reason)
                self._refused[refusal.credential_id] = reason.removeprefix("NOT_APPLIED_REASON_")

    def spends(self) -> list[BatchSpendRequest.Item]:
        """What each basket takes of the budgets, at its own time: by activity and funder."""
        baskets = self._baskets
        return [
            BatchSpendRequest.Item(
                request_id=f"basket:{baskets.basket_ids[number]}",
                order_id=str(baskets.basket_ids[number]),
                items=items,
                occurred_at=baskets.at(number),
            )
            for number, items in sorted(self._given.items())
            if items
        ]

    def lines(self) -> pd.DataFrame:
        """book_minor, retailer_minor, manufacturer_minor, payable_minor of each line."""
        return pd.DataFrame(
            {
                "book_minor": self._book,
                "retailer_minor": self._borne[RETAILER],
                "manufacturer_minor": self._borne[MANUFACTURER],
                "payable_minor": self._payable,
            },
            index=self._baskets.lines.index,
        )

    def coupons(self) -> pd.DataFrame:
        """Of the credentials that acted: credential_id, acted_on (line) and both funders' amounts.

        The amounts are manufacturer_minor and retailer_minor.
        """
        return pd.DataFrame(
            self._coupons,
            columns=["credential_id", "acted_on", "manufacturer_minor", "retailer_minor"],
        )

    def refused(self) -> pd.Series:
        """Why a credential gave nothing, by credential_id."""
        return pd.Series(self._refused, name="reason", dtype="object")


def _given(quote: QuoteResponse) -> list[ReserveItem]:
    """What each activity took off, and who pays what of it; two coupons of one are one item."""
    parts: dict[tuple[str, int], dict[str, int]] = {}
    for applied in quote.applied:
        if applied.discount_minor:
            borne = parts.setdefault((applied.activity_id, applied.version), {})
            for part in applied.funders:
                borne[part.funder] = borne.get(part.funder, 0) + part.amount_minor
    return [
        ReserveItem(
            activity_id=activity_id,
            version=version,
            amount_minor=sum(borne.values()),
            parts=[
                FunderPart(funder=funder, amount_minor=minor) for funder, minor in borne.items()
            ],
        )
        for (activity_id, version), borne in parts.items()
    ]
