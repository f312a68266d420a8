import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Entitlement(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ENTITLEMENT_UNSPECIFIED: _ClassVar[Entitlement]
    ENTITLEMENT_OPEN: _ClassVar[Entitlement]
    ENTITLEMENT_CREDENTIAL: _ClassVar[Entitlement]

class Layer(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LAYER_UNSPECIFIED: _ClassVar[Layer]
    LAYER_ITEM_PRICE: _ClassVar[Layer]
    LAYER_ITEM_DISCOUNT: _ClassVar[Layer]
    LAYER_BUNDLE: _ClassVar[Layer]
    LAYER_STORE_ORDER: _ClassVar[Layer]
    LAYER_PLATFORM_ORDER: _ClassVar[Layer]
    LAYER_SHIPPING: _ClassVar[Layer]
    LAYER_EARNING: _ClassVar[Layer]

class ActivityState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTIVITY_STATE_UNSPECIFIED: _ClassVar[ActivityState]
    ACTIVITY_STATE_DRAFT: _ClassVar[ActivityState]
    ACTIVITY_STATE_REVIEWING: _ClassVar[ActivityState]
    ACTIVITY_STATE_REJECTED: _ClassVar[ActivityState]
    ACTIVITY_STATE_APPROVED: _ClassVar[ActivityState]
    ACTIVITY_STATE_SCHEDULED: _ClassVar[ActivityState]
    ACTIVITY_STATE_RUNNING: _ClassVar[ActivityState]
    ACTIVITY_STATE_PAUSED: _ClassVar[ActivityState]
    ACTIVITY_STATE_ENDED: _ClassVar[ActivityState]
    ACTIVITY_STATE_CANCELLED: _ClassVar[ActivityState]
    ACTIVITY_STATE_ARCHIVED: _ClassVar[ActivityState]

class ConditionBase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONDITION_BASE_UNSPECIFIED: _ClassVar[ConditionBase]
    CONDITION_BASE_RUNNING: _ClassVar[ConditionBase]
    CONDITION_BASE_LIST: _ClassVar[ConditionBase]
    CONDITION_BASE_GROUP_START: _ClassVar[ConditionBase]
    CONDITION_BASE_ORIGINAL: _ClassVar[ConditionBase]
    CONDITION_BASE_OTHER_PRICE: _ClassVar[ConditionBase]

class Measure(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MEASURE_UNSPECIFIED: _ClassVar[Measure]
    MEASURE_AMOUNT: _ClassVar[Measure]
    MEASURE_QUANTITY: _ClassVar[Measure]
    MEASURE_LINE_QUANTITY: _ClassVar[Measure]
    MEASURE_DISTINCT: _ClassVar[Measure]
    MEASURE_FACT: _ClassVar[Measure]

class Comparison(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMPARISON_UNSPECIFIED: _ClassVar[Comparison]
    COMPARISON_AT_LEAST: _ClassVar[Comparison]
    COMPARISON_ABOVE: _ClassVar[Comparison]
    COMPARISON_EQUAL: _ClassVar[Comparison]
    COMPARISON_AT_MOST: _ClassVar[Comparison]
    COMPARISON_BELOW: _ClassVar[Comparison]

class UnitPick(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNIT_PICK_UNSPECIFIED: _ClassVar[UnitPick]
    UNIT_PICK_DEAREST: _ClassVar[UnitPick]
    UNIT_PICK_CHEAPEST: _ClassVar[UnitPick]
    UNIT_PICK_FIRST: _ClassVar[UnitPick]
    UNIT_PICK_LAST: _ClassVar[UnitPick]

class AmountPer(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AMOUNT_PER_UNSPECIFIED: _ClassVar[AmountPer]
    AMOUNT_PER_POOL: _ClassVar[AmountPer]
    AMOUNT_PER_UNIT: _ClassVar[AmountPer]
    AMOUNT_PER_LINE: _ClassVar[AmountPer]

class GiftMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GIFT_MODE_UNSPECIFIED: _ClassVar[GiftMode]
    GIFT_MODE_ADD: _ClassVar[GiftMode]
    GIFT_MODE_FREE: _ClassVar[GiftMode]
    GIFT_MODE_TOP_UP: _ClassVar[GiftMode]

class EarningKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EARNING_KIND_UNSPECIFIED: _ClassVar[EarningKind]
    EARNING_KIND_POINTS: _ClassVar[EarningKind]
    EARNING_KIND_BALANCE: _ClassVar[EarningKind]
    EARNING_KIND_COUPON: _ClassVar[EarningKind]

class StopScope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STOP_SCOPE_UNSPECIFIED: _ClassVar[StopScope]
    STOP_SCOPE_LINE: _ClassVar[StopScope]
    STOP_SCOPE_GROUP: _ClassVar[StopScope]
    STOP_SCOPE_ALL: _ClassVar[StopScope]

class RoundingMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROUNDING_MODE_UNSPECIFIED: _ClassVar[RoundingMode]
    ROUNDING_MODE_HALF_UP: _ClassVar[RoundingMode]
    ROUNDING_MODE_HALF_DOWN: _ClassVar[RoundingMode]
    ROUNDING_MODE_HALF_EVEN: _ClassVar[RoundingMode]
    ROUNDING_MODE_DOWN: _ClassVar[RoundingMode]
    ROUNDING_MODE_UP: _ClassVar[RoundingMode]

class RoundingOf(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROUNDING_OF_UNSPECIFIED: _ClassVar[RoundingOf]
    ROUNDING_OF_DISCOUNT: _ClassVar[RoundingOf]
    ROUNDING_OF_PRICE: _ClassVar[RoundingOf]

class ShareWeight(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SHARE_WEIGHT_UNSPECIFIED: _ClassVar[ShareWeight]
    SHARE_WEIGHT_RUNNING: _ClassVar[ShareWeight]
    SHARE_WEIGHT_LIST: _ClassVar[ShareWeight]
    SHARE_WEIGHT_QUANTITY: _ClassVar[ShareWeight]
    SHARE_WEIGHT_EQUAL: _ClassVar[ShareWeight]
    SHARE_WEIGHT_OTHER_PRICE: _ClassVar[ShareWeight]

class Leftover(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LEFTOVER_UNSPECIFIED: _ClassVar[Leftover]
    LEFTOVER_LARGEST_ERROR: _ClassVar[Leftover]
    LEFTOVER_FIRST: _ClassVar[Leftover]
    LEFTOVER_LAST: _ClassVar[Leftover]
    LEFTOVER_DEAREST: _ClassVar[Leftover]
    LEFTOVER_CARRY: _ClassVar[Leftover]

class PriceBasis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRICE_BASIS_UNSPECIFIED: _ClassVar[PriceBasis]
    PRICE_BASIS_GROSS: _ClassVar[PriceBasis]
    PRICE_BASIS_NET: _ClassVar[PriceBasis]

class WhenShort(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WHEN_SHORT_UNSPECIFIED: _ClassVar[WhenShort]
    WHEN_SHORT_CUT: _ClassVar[WhenShort]
    WHEN_SHORT_REFUSE: _ClassVar[WhenShort]

class RefundPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REFUND_POLICY_UNSPECIFIED: _ClassVar[RefundPolicy]
    REFUND_POLICY_KEEP: _ClassVar[RefundPolicy]
    REFUND_POLICY_CLAWBACK: _ClassVar[RefundPolicy]
    REFUND_POLICY_REQUIRE_RETURN: _ClassVar[RefundPolicy]
    REFUND_POLICY_REPRICE: _ClassVar[RefundPolicy]

class FundingLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FUNDING_LEVEL_UNSPECIFIED: _ClassVar[FundingLevel]
    FUNDING_LEVEL_OK: _ClassVar[FundingLevel]
    FUNDING_LEVEL_WARN: _ClassVar[FundingLevel]
    FUNDING_LEVEL_SLOW: _ClassVar[FundingLevel]
    FUNDING_LEVEL_PAUSED: _ClassVar[FundingLevel]

class LimitSubject(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LIMIT_SUBJECT_UNSPECIFIED: _ClassVar[LimitSubject]
    LIMIT_SUBJECT_ACTIVITY: _ClassVar[LimitSubject]
    LIMIT_SUBJECT_USER: _ClassVar[LimitSubject]
    LIMIT_SUBJECT_DEVICE: _ClassVar[LimitSubject]
    LIMIT_SUBJECT_PHONE: _ClassVar[LimitSubject]
    LIMIT_SUBJECT_STORE: _ClassVar[LimitSubject]
    LIMIT_SUBJECT_SKU: _ClassVar[LimitSubject]

class LimitPeriod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LIMIT_PERIOD_UNSPECIFIED: _ClassVar[LimitPeriod]
    LIMIT_PERIOD_LIFETIME: _ClassVar[LimitPeriod]
    LIMIT_PERIOD_MINUTE: _ClassVar[LimitPeriod]
    LIMIT_PERIOD_HOUR: _ClassVar[LimitPeriod]
    LIMIT_PERIOD_DAY: _ClassVar[LimitPeriod]
    LIMIT_PERIOD_WEEK: _ClassVar[LimitPeriod]
    LIMIT_PERIOD_MONTH: _ClassVar[LimitPeriod]

class LimitMeasure(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LIMIT_MEASURE_UNSPECIFIED: _ClassVar[LimitMeasure]
    LIMIT_MEASURE_USES: _ClassVar[LimitMeasure]
    LIMIT_MEASURE_UNITS: _ClassVar[LimitMeasure]
    LIMIT_MEASURE_AMOUNT: _ClassVar[LimitMeasure]
ENTITLEMENT_UNSPECIFIED: Entitlement
ENTITLEMENT_OPEN: Entitlement
ENTITLEMENT_CREDENTIAL: Entitlement
LAYER_UNSPECIFIED: Layer
LAYER_ITEM_PRICE: Layer
LAYER_ITEM_DISCOUNT: Layer
LAYER_BUNDLE: Layer
LAYER_STORE_ORDER: Layer
LAYER_PLATFORM_ORDER: Layer
LAYER_SHIPPING: Layer
LAYER_EARNING: Layer
ACTIVITY_STATE_UNSPECIFIED: ActivityState
ACTIVITY_STATE_DRAFT: ActivityState
ACTIVITY_STATE_REVIEWING: ActivityState
ACTIVITY_STATE_REJECTED: ActivityState
ACTIVITY_STATE_APPROVED: ActivityState
ACTIVITY_STATE_SCHEDULED: ActivityState
ACTIVITY_STATE_RUNNING: ActivityState
ACTIVITY_STATE_PAUSED: ActivityState
ACTIVITY_STATE_ENDED: ActivityState
ACTIVITY_STATE_CANCELLED: ActivityState
ACTIVITY_STATE_ARCHIVED: ActivityState
CONDITION_BASE_UNSPECIFIED: ConditionBase
CONDITION_BASE_RUNNING: ConditionBase
CONDITION_BASE_LIST: ConditionBase
CONDITION_BASE_GROUP_START: ConditionBase
CONDITION_BASE_ORIGINAL: ConditionBase
CONDITION_BASE_OTHER_PRICE: ConditionBase
MEASURE_UNSPECIFIED: Measure
MEASURE_AMOUNT: Measure
MEASURE_QUANTITY: Measure
MEASURE_LINE_QUANTITY: Measure
MEASURE_DISTINCT: Measure
MEASURE_FACT: Measure
COMPARISON_UNSPECIFIED: Comparison
COMPARISON_AT_LEAST: Comparison
COMPARISON_ABOVE: Comparison
COMPARISON_EQUAL: Comparison
COMPARISON_AT_MOST: Comparison
COMPARISON_BELOW: Comparison
UNIT_PICK_UNSPECIFIED: UnitPick
UNIT_PICK_DEAREST: UnitPick
UNIT_PICK_CHEAPEST: UnitPick
UNIT_PICK_FIRST: UnitPick
UNIT_PICK_LAST: UnitPick
AMOUNT_PER_UNSPECIFIED: AmountPer
AMOUNT_PER_POOL: AmountPer
AMOUNT_PER_UNIT: AmountPer
AMOUNT_PER_LINE: AmountPer
GIFT_MODE_UNSPECIFIED: GiftMode
GIFT_MODE_ADD: GiftMode
GIFT_MODE_FREE: GiftMode
GIFT_MODE_TOP_UP: GiftMode
EARNING_KIND_UNSPECIFIED: EarningKind
EARNING_KIND_POINTS: EarningKind
EARNING_KIND_BALANCE: EarningKind
EARNING_KIND_COUPON: EarningKind
STOP_SCOPE_UNSPECIFIED: StopScope
STOP_SCOPE_LINE: StopScope
STOP_SCOPE_GROUP: StopScope
STOP_SCOPE_ALL: StopScope
ROUNDING_MODE_UNSPECIFIED: RoundingMode
ROUNDING_MODE_HALF_UP: RoundingMode
ROUNDING_MODE_HALF_DOWN: RoundingMode
ROUNDING_MODE_HALF_EVEN: RoundingMode
ROUNDING_MODE_DOWN: RoundingMode
ROUNDING_MODE_UP: RoundingMode
ROUNDING_OF_UNSPECIFIED: RoundingOf
ROUNDING_OF_DISCOUNT: RoundingOf
ROUNDING_OF_PRICE: RoundingOf
SHARE_WEIGHT_UNSPECIFIED: ShareWeight
SHARE_WEIGHT_RUNNING: ShareWeight
SHARE_WEIGHT_LIST: ShareWeight
SHARE_WEIGHT_QUANTITY: ShareWeight
SHARE_WEIGHT_EQUAL: ShareWeight
SHARE_WEIGHT_OTHER_PRICE: ShareWeight
LEFTOVER_UNSPECIFIED: Leftover
LEFTOVER_LARGEST_ERROR: Leftover
LEFTOVER_FIRST: Leftover
LEFTOVER_LAST: Leftover
LEFTOVER_DEAREST: Leftover
LEFTOVER_CARRY: Leftover
PRICE_BASIS_UNSPECIFIED: PriceBasis
PRICE_BASIS_GROSS: PriceBasis
PRICE_BASIS_NET: PriceBasis
WHEN_SHORT_UNSPECIFIED: WhenShort
WHEN_SHORT_CUT: WhenShort
WHEN_SHORT_REFUSE: WhenShort
REFUND_POLICY_UNSPECIFIED: RefundPolicy
REFUND_POLICY_KEEP: RefundPolicy
REFUND_POLICY_CLAWBACK: RefundPolicy
REFUND_POLICY_REQUIRE_RETURN: RefundPolicy
REFUND_POLICY_REPRICE: RefundPolicy
FUNDING_LEVEL_UNSPECIFIED: FundingLevel
FUNDING_LEVEL_OK: FundingLevel
FUNDING_LEVEL_WARN: FundingLevel
FUNDING_LEVEL_SLOW: FundingLevel
FUNDING_LEVEL_PAUSED: FundingLevel
LIMIT_SUBJECT_UNSPECIFIED: LimitSubject
LIMIT_SUBJECT_ACTIVITY: LimitSubject
LIMIT_SUBJECT_USER: LimitSubject
LIMIT_SUBJECT_DEVICE: LimitSubject
LIMIT_SUBJECT_PHONE: LimitSubject
LIMIT_SUBJECT_STORE: LimitSubject
LIMIT_SUBJECT_SKU: LimitSubject
LIMIT_PERIOD_UNSPECIFIED: LimitPeriod
LIMIT_PERIOD_LIFETIME: LimitPeriod
LIMIT_PERIOD_MINUTE: LimitPeriod
LIMIT_PERIOD_HOUR: LimitPeriod
LIMIT_PERIOD_DAY: LimitPeriod
LIMIT_PERIOD_WEEK: LimitPeriod
LIMIT_PERIOD_MONTH: LimitPeriod
LIMIT_MEASURE_UNSPECIFIED: LimitMeasure
LIMIT_MEASURE_USES: LimitMeasure
LIMIT_MEASURE_UNITS: LimitMeasure
LIMIT_MEASURE_AMOUNT: LimitMeasure

class ProductTarget(_message.Message):
    __slots__ = ("all", "skus", "set_ids", "category_paths", "brands", "tags", "exclude", "min_list_minor", "max_list_minor")
    ALL_FIELD_NUMBER: _ClassVar[int]
    SKUS_FIELD_NUMBER: _ClassVar[int]
    SET_IDS_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_PATHS_FIELD_NUMBER: _ClassVar[int]
    BRANDS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_FIELD_NUMBER: _ClassVar[int]
    MIN_LIST_MINOR_FIELD_NUMBER: _ClassVar[int]
    MAX_LIST_MINOR_FIELD_NUMBER: _ClassVar[int]
    all: bool
    skus: _containers.RepeatedScalarFieldContainer[str]
    set_ids: _containers.RepeatedScalarFieldContainer[str]
    category_paths: _containers.RepeatedScalarFieldContainer[str]
    brands: _containers.RepeatedScalarFieldContainer[str]
    tags: _containers.RepeatedScalarFieldContainer[str]
    exclude: ProductTarget
    min_list_minor: int
    max_list_minor: int
    def __init__(self, all: _Optional[bool] = ..., skus: _Optional[_Iterable[str]] = ..., set_ids: _Optional[_Iterable[str]] = ..., category_paths: _Optional[_Iterable[str]] = ..., brands: _Optional[_Iterable[str]] = ..., tags: _Optional[_Iterable[str]] = ..., exclude: _Optional[_Union[ProductTarget, _Mapping]] = ..., min_list_minor: _Optional[int] = ..., max_list_minor: _Optional[int] = ...) -> None: ...

class StoreTarget(_message.Message):
    __slots__ = ("store_ids", "set_ids", "exclude_store_ids", "exclude_set_ids")
    STORE_IDS_FIELD_NUMBER: _ClassVar[int]
    SET_IDS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_STORE_IDS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_SET_IDS_FIELD_NUMBER: _ClassVar[int]
    store_ids: _containers.RepeatedScalarFieldContainer[str]
    set_ids: _containers.RepeatedScalarFieldContainer[str]
    exclude_store_ids: _containers.RepeatedScalarFieldContainer[str]
    exclude_set_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, store_ids: _Optional[_Iterable[str]] = ..., set_ids: _Optional[_Iterable[str]] = ..., exclude_store_ids: _Optional[_Iterable[str]] = ..., exclude_set_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class UserTarget(_message.Message):
    __slots__ = ("set_ids", "user_groups", "exclude_set_ids")
    SET_IDS_FIELD_NUMBER: _ClassVar[int]
    USER_GROUPS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_SET_IDS_FIELD_NUMBER: _ClassVar[int]
    set_ids: _containers.RepeatedScalarFieldContainer[str]
    user_groups: _containers.RepeatedScalarFieldContainer[str]
    exclude_set_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, set_ids: _Optional[_Iterable[str]] = ..., user_groups: _Optional[_Iterable[str]] = ..., exclude_set_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class MinAmount(_message.Message):
    __slots__ = ("amount_minor", "base", "products")
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    amount_minor: int
    base: ConditionBase
    products: ProductTarget
    def __init__(self, amount_minor: _Optional[int] = ..., base: _Optional[_Union[ConditionBase, str]] = ..., products: _Optional[_Union[ProductTarget, _Mapping]] = ...) -> None: ...

class MinQuantity(_message.Message):
    __slots__ = ("quantity", "products")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    quantity: int
    products: ProductTarget
    def __init__(self, quantity: _Optional[int] = ..., products: _Optional[_Union[ProductTarget, _Mapping]] = ...) -> None: ...

class Compare(_message.Message):
    __slots__ = ("measure", "comparison", "value", "base", "products", "with_delivery")
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    COMPARISON_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    WITH_DELIVERY_FIELD_NUMBER: _ClassVar[int]
    measure: Measure
    comparison: Comparison
    value: int
    base: ConditionBase
    products: ProductTarget
    with_delivery: bool
    def __init__(self, measure: _Optional[_Union[Measure, str]] = ..., comparison: _Optional[_Union[Comparison, str]] = ..., value: _Optional[int] = ..., base: _Optional[_Union[ConditionBase, str]] = ..., products: _Optional[_Union[ProductTarget, _Mapping]] = ..., with_delivery: _Optional[bool] = ...) -> None: ...

class FactIs(_message.Message):
    __slots__ = ("name", "comparison", "number", "texts")
    NAME_FIELD_NUMBER: _ClassVar[int]
    COMPARISON_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    comparison: Comparison
    number: int
    texts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., comparison: _Optional[_Union[Comparison, str]] = ..., number: _Optional[int] = ..., texts: _Optional[_Iterable[str]] = ...) -> None: ...

class DeliveredBy(_message.Message):
    __slots__ = ("methods",)
    METHODS_FIELD_NUMBER: _ClassVar[int]
    methods: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, methods: _Optional[_Iterable[str]] = ...) -> None: ...

class Presents(_message.Message):
    __slots__ = ("activity_ids",)
    ACTIVITY_IDS_FIELD_NUMBER: _ClassVar[int]
    activity_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, activity_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class Rule(_message.Message):
    __slots__ = ("expression",)
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    expression: str
    def __init__(self, expression: _Optional[str] = ...) -> None: ...

class AllOf(_message.Message):
    __slots__ = ("conditions",)
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    conditions: _containers.RepeatedCompositeFieldContainer[Condition]
    def __init__(self, conditions: _Optional[_Iterable[_Union[Condition, _Mapping]]] = ...) -> None: ...

class AnyOf(_message.Message):
    __slots__ = ("conditions",)
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    conditions: _containers.RepeatedCompositeFieldContainer[Condition]
    def __init__(self, conditions: _Optional[_Iterable[_Union[Condition, _Mapping]]] = ...) -> None: ...

class NotAny(_message.Message):
    __slots__ = ("conditions",)
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    conditions: _containers.RepeatedCompositeFieldContainer[Condition]
    def __init__(self, conditions: _Optional[_Iterable[_Union[Condition, _Mapping]]] = ...) -> None: ...

class Condition(_message.Message):
    __slots__ = ("min_amount", "min_quantity", "compare", "fact_is", "delivered_by", "presents", "rule", "all_of", "any_of", "not_any")
    MIN_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    MIN_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COMPARE_FIELD_NUMBER: _ClassVar[int]
    FACT_IS_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_BY_FIELD_NUMBER: _ClassVar[int]
    PRESENTS_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    ALL_OF_FIELD_NUMBER: _ClassVar[int]
    ANY_OF_FIELD_NUMBER: _ClassVar[int]
    NOT_ANY_FIELD_NUMBER: _ClassVar[int]
    min_amount: MinAmount
    min_quantity: MinQuantity
    compare: Compare
    fact_is: FactIs
    delivered_by: DeliveredBy
    presents: Presents
    rule: Rule
    all_of: AllOf
    any_of: AnyOf
    not_any: NotAny
    def __init__(self, min_amount: _Optional[_Union[MinAmount, _Mapping]] = ..., min_quantity: _Optional[_Union[MinQuantity, _Mapping]] = ..., compare: _Optional[_Union[Compare, _Mapping]] = ..., fact_is: _Optional[_Union[FactIs, _Mapping]] = ..., delivered_by: _Optional[_Union[DeliveredBy, _Mapping]] = ..., presents: _Optional[_Union[Presents, _Mapping]] = ..., rule: _Optional[_Union[Rule, _Mapping]] = ..., all_of: _Optional[_Union[AllOf, _Mapping]] = ..., any_of: _Optional[_Union[AnyOf, _Mapping]] = ..., not_any: _Optional[_Union[NotAny, _Mapping]] = ...) -> None: ...

class SetPrice(_message.Message):
    __slots__ = ("price_minor", "per", "unit_limit", "pick")
    PRICE_MINOR_FIELD_NUMBER: _ClassVar[int]
    PER_FIELD_NUMBER: _ClassVar[int]
    UNIT_LIMIT_FIELD_NUMBER: _ClassVar[int]
    PICK_FIELD_NUMBER: _ClassVar[int]
    price_minor: int
    per: AmountPer
    unit_limit: int
    pick: UnitPick
    def __init__(self, price_minor: _Optional[int] = ..., per: _Optional[_Union[AmountPer, str]] = ..., unit_limit: _Optional[int] = ..., pick: _Optional[_Union[UnitPick, str]] = ...) -> None: ...

class PercentOff(_message.Message):
    __slots__ = ("off_bps", "cap_minor", "per", "unit_limit", "pick", "limit_bounds_money")
    OFF_BPS_FIELD_NUMBER: _ClassVar[int]
    CAP_MINOR_FIELD_NUMBER: _ClassVar[int]
    PER_FIELD_NUMBER: _ClassVar[int]
    UNIT_LIMIT_FIELD_NUMBER: _ClassVar[int]
    PICK_FIELD_NUMBER: _ClassVar[int]
    LIMIT_BOUNDS_MONEY_FIELD_NUMBER: _ClassVar[int]
    off_bps: int
    cap_minor: int
    per: AmountPer
    unit_limit: int
    pick: UnitPick
    limit_bounds_money: bool
    def __init__(self, off_bps: _Optional[int] = ..., cap_minor: _Optional[int] = ..., per: _Optional[_Union[AmountPer, str]] = ..., unit_limit: _Optional[int] = ..., pick: _Optional[_Union[UnitPick, str]] = ..., limit_bounds_money: _Optional[bool] = ...) -> None: ...

class AmountOff(_message.Message):
    __slots__ = ("amount_minor", "per", "unit_limit", "pick", "cap_minor")
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    PER_FIELD_NUMBER: _ClassVar[int]
    UNIT_LIMIT_FIELD_NUMBER: _ClassVar[int]
    PICK_FIELD_NUMBER: _ClassVar[int]
    CAP_MINOR_FIELD_NUMBER: _ClassVar[int]
    amount_minor: int
    per: AmountPer
    unit_limit: int
    pick: UnitPick
    cap_minor: int
    def __init__(self, amount_minor: _Optional[int] = ..., per: _Optional[_Union[AmountPer, str]] = ..., unit_limit: _Optional[int] = ..., pick: _Optional[_Union[UnitPick, str]] = ..., cap_minor: _Optional[int] = ...) -> None: ...

class Tier(_message.Message):
    __slots__ = ("min_amount_minor", "min_quantity", "amount_off_minor", "off_bps", "price_minor", "cap_minor")
    MIN_AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    MIN_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_OFF_MINOR_FIELD_NUMBER: _ClassVar[int]
    OFF_BPS_FIELD_NUMBER: _ClassVar[int]
    PRICE_MINOR_FIELD_NUMBER: _ClassVar[int]
    CAP_MINOR_FIELD_NUMBER: _ClassVar[int]
    min_amount_minor: int
    min_quantity: int
    amount_off_minor: int
    off_bps: int
    price_minor: int
    cap_minor: int
    def __init__(self, min_amount_minor: _Optional[int] = ..., min_quantity: _Optional[int] = ..., amount_off_minor: _Optional[int] = ..., off_bps: _Optional[int] = ..., price_minor: _Optional[int] = ..., cap_minor: _Optional[int] = ...) -> None: ...

class ThresholdOff(_message.Message):
    __slots__ = ("tiers", "every_multiple", "per", "graduated", "pick", "base", "counted")
    TIERS_FIELD_NUMBER: _ClassVar[int]
    EVERY_MULTIPLE_FIELD_NUMBER: _ClassVar[int]
    PER_FIELD_NUMBER: _ClassVar[int]
    GRADUATED_FIELD_NUMBER: _ClassVar[int]
    PICK_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    tiers: _containers.RepeatedCompositeFieldContainer[Tier]
    every_multiple: bool
    per: AmountPer
    graduated: bool
    pick: UnitPick
    base: ConditionBase
    counted: ProductTarget
    def __init__(self, tiers: _Optional[_Iterable[_Union[Tier, _Mapping]]] = ..., every_multiple: _Optional[bool] = ..., per: _Optional[_Union[AmountPer, str]] = ..., graduated: _Optional[bool] = ..., pick: _Optional[_Union[UnitPick, str]] = ..., base: _Optional[_Union[ConditionBase, str]] = ..., counted: _Optional[_Union[ProductTarget, _Mapping]] = ...) -> None: ...

class Benefit(_message.Message):
    __slots__ = ("off_bps", "amount_off_minor", "price_minor")
    OFF_BPS_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_OFF_MINOR_FIELD_NUMBER: _ClassVar[int]
    PRICE_MINOR_FIELD_NUMBER: _ClassVar[int]
    off_bps: int
    amount_off_minor: int
    price_minor: int
    def __init__(self, off_bps: _Optional[int] = ..., amount_off_minor: _Optional[int] = ..., price_minor: _Optional[int] = ...) -> None: ...

class NthUnit(_message.Message):
    __slots__ = ("n", "benefit", "pick", "repeat_max")
    N_FIELD_NUMBER: _ClassVar[int]
    BENEFIT_FIELD_NUMBER: _ClassVar[int]
    PICK_FIELD_NUMBER: _ClassVar[int]
    REPEAT_MAX_FIELD_NUMBER: _ClassVar[int]
    n: int
    benefit: Benefit
    pick: UnitPick
    repeat_max: int
    def __init__(self, n: _Optional[int] = ..., benefit: _Optional[_Union[Benefit, _Mapping]] = ..., pick: _Optional[_Union[UnitPick, str]] = ..., repeat_max: _Optional[int] = ...) -> None: ...

class BuyGet(_message.Message):
    __slots__ = ("buy_quantity", "get_quantity", "get_products", "benefit", "buy_pick", "get_pick", "repeat_max", "partial", "spread")
    BUY_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    GET_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    GET_PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    BENEFIT_FIELD_NUMBER: _ClassVar[int]
    BUY_PICK_FIELD_NUMBER: _ClassVar[int]
    GET_PICK_FIELD_NUMBER: _ClassVar[int]
    REPEAT_MAX_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_FIELD_NUMBER: _ClassVar[int]
    SPREAD_FIELD_NUMBER: _ClassVar[int]
    buy_quantity: int
    get_quantity: int
    get_products: ProductTarget
    benefit: Benefit
    buy_pick: UnitPick
    get_pick: UnitPick
    repeat_max: int
    partial: bool
    spread: bool
    def __init__(self, buy_quantity: _Optional[int] = ..., get_quantity: _Optional[int] = ..., get_products: _Optional[_Union[ProductTarget, _Mapping]] = ..., benefit: _Optional[_Union[Benefit, _Mapping]] = ..., buy_pick: _Optional[_Union[UnitPick, str]] = ..., get_pick: _Optional[_Union[UnitPick, str]] = ..., repeat_max: _Optional[int] = ..., partial: _Optional[bool] = ..., spread: _Optional[bool] = ...) -> None: ...

class NForPrice(_message.Message):
    __slots__ = ("quantity", "price_minor", "pick", "repeat_max")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PRICE_MINOR_FIELD_NUMBER: _ClassVar[int]
    PICK_FIELD_NUMBER: _ClassVar[int]
    REPEAT_MAX_FIELD_NUMBER: _ClassVar[int]
    quantity: int
    price_minor: int
    pick: UnitPick
    repeat_max: int
    def __init__(self, quantity: _Optional[int] = ..., price_minor: _Optional[int] = ..., pick: _Optional[_Union[UnitPick, str]] = ..., repeat_max: _Optional[int] = ...) -> None: ...

class BundlePart(_message.Message):
    __slots__ = ("products", "quantity")
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    products: ProductTarget
    quantity: int
    def __init__(self, products: _Optional[_Union[ProductTarget, _Mapping]] = ..., quantity: _Optional[int] = ...) -> None: ...

class Bundle(_message.Message):
    __slots__ = ("parts", "benefit", "pick", "repeat_max")
    PARTS_FIELD_NUMBER: _ClassVar[int]
    BENEFIT_FIELD_NUMBER: _ClassVar[int]
    PICK_FIELD_NUMBER: _ClassVar[int]
    REPEAT_MAX_FIELD_NUMBER: _ClassVar[int]
    parts: _containers.RepeatedCompositeFieldContainer[BundlePart]
    benefit: Benefit
    pick: UnitPick
    repeat_max: int
    def __init__(self, parts: _Optional[_Iterable[_Union[BundlePart, _Mapping]]] = ..., benefit: _Optional[_Union[Benefit, _Mapping]] = ..., pick: _Optional[_Union[UnitPick, str]] = ..., repeat_max: _Optional[int] = ...) -> None: ...

class Gift(_message.Message):
    __slots__ = ("sku", "quantity", "worth_minor", "mode")
    SKU_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    WORTH_MINOR_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    sku: str
    quantity: int
    worth_minor: int
    mode: GiftMode
    def __init__(self, sku: _Optional[str] = ..., quantity: _Optional[int] = ..., worth_minor: _Optional[int] = ..., mode: _Optional[_Union[GiftMode, str]] = ...) -> None: ...

class TradeUp(_message.Message):
    __slots__ = ("products", "price_minor", "unit_limit", "pick")
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    PRICE_MINOR_FIELD_NUMBER: _ClassVar[int]
    UNIT_LIMIT_FIELD_NUMBER: _ClassVar[int]
    PICK_FIELD_NUMBER: _ClassVar[int]
    products: ProductTarget
    price_minor: int
    unit_limit: int
    pick: UnitPick
    def __init__(self, products: _Optional[_Union[ProductTarget, _Mapping]] = ..., price_minor: _Optional[int] = ..., unit_limit: _Optional[int] = ..., pick: _Optional[_Union[UnitPick, str]] = ...) -> None: ...

class ShippingOff(_message.Message):
    __slots__ = ("benefit", "methods", "cap_minor")
    BENEFIT_FIELD_NUMBER: _ClassVar[int]
    METHODS_FIELD_NUMBER: _ClassVar[int]
    CAP_MINOR_FIELD_NUMBER: _ClassVar[int]
    benefit: Benefit
    methods: _containers.RepeatedScalarFieldContainer[str]
    cap_minor: int
    def __init__(self, benefit: _Optional[_Union[Benefit, _Mapping]] = ..., methods: _Optional[_Iterable[str]] = ..., cap_minor: _Optional[int] = ...) -> None: ...

class Earn(_message.Message):
    __slots__ = ("kind", "subject", "amount", "rate_bps")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    RATE_BPS_FIELD_NUMBER: _ClassVar[int]
    kind: EarningKind
    subject: str
    amount: int
    rate_bps: int
    def __init__(self, kind: _Optional[_Union[EarningKind, str]] = ..., subject: _Optional[str] = ..., amount: _Optional[int] = ..., rate_bps: _Optional[int] = ...) -> None: ...

class PriceBook(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Effect(_message.Message):
    __slots__ = ("set_price", "percent_off", "amount_off", "threshold_off", "price_book", "nth_unit", "buy_get", "n_for_price", "bundle", "gift", "trade_up", "shipping_off", "earn")
    SET_PRICE_FIELD_NUMBER: _ClassVar[int]
    PERCENT_OFF_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_OFF_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_OFF_FIELD_NUMBER: _ClassVar[int]
    PRICE_BOOK_FIELD_NUMBER: _ClassVar[int]
    NTH_UNIT_FIELD_NUMBER: _ClassVar[int]
    BUY_GET_FIELD_NUMBER: _ClassVar[int]
    N_FOR_PRICE_FIELD_NUMBER: _ClassVar[int]
    BUNDLE_FIELD_NUMBER: _ClassVar[int]
    GIFT_FIELD_NUMBER: _ClassVar[int]
    TRADE_UP_FIELD_NUMBER: _ClassVar[int]
    SHIPPING_OFF_FIELD_NUMBER: _ClassVar[int]
    EARN_FIELD_NUMBER: _ClassVar[int]
    set_price: SetPrice
    percent_off: PercentOff
    amount_off: AmountOff
    threshold_off: ThresholdOff
    price_book: PriceBook
    nth_unit: NthUnit
    buy_get: BuyGet
    n_for_price: NForPrice
    bundle: Bundle
    gift: Gift
    trade_up: TradeUp
    shipping_off: ShippingOff
    earn: Earn
    def __init__(self, set_price: _Optional[_Union[SetPrice, _Mapping]] = ..., percent_off: _Optional[_Union[PercentOff, _Mapping]] = ..., amount_off: _Optional[_Union[AmountOff, _Mapping]] = ..., threshold_off: _Optional[_Union[ThresholdOff, _Mapping]] = ..., price_book: _Optional[_Union[PriceBook, _Mapping]] = ..., nth_unit: _Optional[_Union[NthUnit, _Mapping]] = ..., buy_get: _Optional[_Union[BuyGet, _Mapping]] = ..., n_for_price: _Optional[_Union[NForPrice, _Mapping]] = ..., bundle: _Optional[_Union[Bundle, _Mapping]] = ..., gift: _Optional[_Union[Gift, _Mapping]] = ..., trade_up: _Optional[_Union[TradeUp, _Mapping]] = ..., shipping_off: _Optional[_Union[ShippingOff, _Mapping]] = ..., earn: _Optional[_Union[Earn, _Mapping]] = ...) -> None: ...

class Multiplier(_message.Message):
    __slots__ = ("measure", "every", "most", "base", "products")
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    EVERY_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    measure: Measure
    every: int
    most: int
    base: ConditionBase
    products: ProductTarget
    def __init__(self, measure: _Optional[_Union[Measure, str]] = ..., every: _Optional[int] = ..., most: _Optional[int] = ..., base: _Optional[_Union[ConditionBase, str]] = ..., products: _Optional[_Union[ProductTarget, _Mapping]] = ...) -> None: ...

class Stop(_message.Message):
    __slots__ = ("scope", "if_matched")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    IF_MATCHED_FIELD_NUMBER: _ClassVar[int]
    scope: StopScope
    if_matched: bool
    def __init__(self, scope: _Optional[_Union[StopScope, str]] = ..., if_matched: _Optional[bool] = ...) -> None: ...

class Stacking(_message.Message):
    __slots__ = ("labels", "exclusion_group", "combines_with", "exclusive", "stop", "skip_reduced")
    LABELS_FIELD_NUMBER: _ClassVar[int]
    EXCLUSION_GROUP_FIELD_NUMBER: _ClassVar[int]
    COMBINES_WITH_FIELD_NUMBER: _ClassVar[int]
    EXCLUSIVE_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    SKIP_REDUCED_FIELD_NUMBER: _ClassVar[int]
    labels: _containers.RepeatedScalarFieldContainer[str]
    exclusion_group: str
    combines_with: _containers.RepeatedScalarFieldContainer[str]
    exclusive: bool
    stop: Stop
    skip_reduced: bool
    def __init__(self, labels: _Optional[_Iterable[str]] = ..., exclusion_group: _Optional[str] = ..., combines_with: _Optional[_Iterable[str]] = ..., exclusive: _Optional[bool] = ..., stop: _Optional[_Union[Stop, _Mapping]] = ..., skip_reduced: _Optional[bool] = ...) -> None: ...

class Rounding(_message.Message):
    __slots__ = ("mode", "of", "weight", "share_mode", "leftover")
    MODE_FIELD_NUMBER: _ClassVar[int]
    OF_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    SHARE_MODE_FIELD_NUMBER: _ClassVar[int]
    LEFTOVER_FIELD_NUMBER: _ClassVar[int]
    mode: RoundingMode
    of: RoundingOf
    weight: ShareWeight
    share_mode: RoundingMode
    leftover: Leftover
    def __init__(self, mode: _Optional[_Union[RoundingMode, str]] = ..., of: _Optional[_Union[RoundingOf, str]] = ..., weight: _Optional[_Union[ShareWeight, str]] = ..., share_mode: _Optional[_Union[RoundingMode, str]] = ..., leftover: _Optional[_Union[Leftover, str]] = ...) -> None: ...

class WeeklyWindow(_message.Message):
    __slots__ = ("days", "from_minute", "to_minute")
    DAYS_FIELD_NUMBER: _ClassVar[int]
    FROM_MINUTE_FIELD_NUMBER: _ClassVar[int]
    TO_MINUTE_FIELD_NUMBER: _ClassVar[int]
    days: _containers.RepeatedScalarFieldContainer[int]
    from_minute: int
    to_minute: int
    def __init__(self, days: _Optional[_Iterable[int]] = ..., from_minute: _Optional[int] = ..., to_minute: _Optional[int] = ...) -> None: ...

class Schedule(_message.Message):
    __slots__ = ("starts_at", "ends_at", "time_zone", "weekly_windows")
    STARTS_AT_FIELD_NUMBER: _ClassVar[int]
    ENDS_AT_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    WEEKLY_WINDOWS_FIELD_NUMBER: _ClassVar[int]
    starts_at: _timestamp_pb2.Timestamp
    ends_at: _timestamp_pb2.Timestamp
    time_zone: str
    weekly_windows: _containers.RepeatedCompositeFieldContainer[WeeklyWindow]
    def __init__(self, starts_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ends_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., time_zone: _Optional[str] = ..., weekly_windows: _Optional[_Iterable[_Union[WeeklyWindow, _Mapping]]] = ...) -> None: ...

class FundingShare(_message.Message):
    __slots__ = ("funder", "share_bps", "pool_id", "takes_remainder")
    FUNDER_FIELD_NUMBER: _ClassVar[int]
    SHARE_BPS_FIELD_NUMBER: _ClassVar[int]
    POOL_ID_FIELD_NUMBER: _ClassVar[int]
    TAKES_REMAINDER_FIELD_NUMBER: _ClassVar[int]
    funder: str
    share_bps: int
    pool_id: str
    takes_remainder: bool
    def __init__(self, funder: _Optional[str] = ..., share_bps: _Optional[int] = ..., pool_id: _Optional[str] = ..., takes_remainder: _Optional[bool] = ...) -> None: ...

class Amounts(_message.Message):
    __slots__ = ("currency", "channels", "products", "conditions", "effect", "more_effects", "cap_minor", "multiplier")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    MORE_EFFECTS_FIELD_NUMBER: _ClassVar[int]
    CAP_MINOR_FIELD_NUMBER: _ClassVar[int]
    MULTIPLIER_FIELD_NUMBER: _ClassVar[int]
    currency: str
    channels: _containers.RepeatedScalarFieldContainer[str]
    products: ProductTarget
    conditions: _containers.RepeatedCompositeFieldContainer[Condition]
    effect: Effect
    more_effects: _containers.RepeatedCompositeFieldContainer[Effect]
    cap_minor: int
    multiplier: Multiplier
    def __init__(self, currency: _Optional[str] = ..., channels: _Optional[_Iterable[str]] = ..., products: _Optional[_Union[ProductTarget, _Mapping]] = ..., conditions: _Optional[_Iterable[_Union[Condition, _Mapping]]] = ..., effect: _Optional[_Union[Effect, _Mapping]] = ..., more_effects: _Optional[_Iterable[_Union[Effect, _Mapping]]] = ..., cap_minor: _Optional[int] = ..., multiplier: _Optional[_Union[Multiplier, _Mapping]] = ...) -> None: ...

class ActivitySpec(_message.Message):
    __slots__ = ("template_id", "display_name", "description", "currency", "entitlement", "layer", "priority", "schedule", "products", "stores", "users", "channels", "conditions", "effect", "funding", "more_effects", "first_effect_only", "cap_minor", "multiplier", "stacking", "rounding", "discount_base", "price_basis", "public_code", "when_short", "refund_policy", "amounts", "value_basis", "cap_basis", "slow_share_bps", "limits")
    TEMPLATE_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    ENTITLEMENT_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    PRODUCTS_FIELD_NUMBER: _ClassVar[int]
    STORES_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    EFFECT_FIELD_NUMBER: _ClassVar[int]
    FUNDING_FIELD_NUMBER: _ClassVar[int]
    MORE_EFFECTS_FIELD_NUMBER: _ClassVar[int]
    FIRST_EFFECT_ONLY_FIELD_NUMBER: _ClassVar[int]
    CAP_MINOR_FIELD_NUMBER: _ClassVar[int]
    MULTIPLIER_FIELD_NUMBER: _ClassVar[int]
    STACKING_FIELD_NUMBER: _ClassVar[int]
    ROUNDING_FIELD_NUMBER: _ClassVar[int]
    DISCOUNT_BASE_FIELD_NUMBER: _ClassVar[int]
    PRICE_BASIS_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_CODE_FIELD_NUMBER: _ClassVar[int]
    WHEN_SHORT_FIELD_NUMBER: _ClassVar[int]
    REFUND_POLICY_FIELD_NUMBER: _ClassVar[int]
    AMOUNTS_FIELD_NUMBER: _ClassVar[int]
    VALUE_BASIS_FIELD_NUMBER: _ClassVar[int]
    CAP_BASIS_FIELD_NUMBER: _ClassVar[int]
    SLOW_SHARE_BPS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    template_id: str
    display_name: str
    description: str
    currency: str
    entitlement: Entitlement
    layer: Layer
    priority: int
    schedule: Schedule
    products: ProductTarget
    stores: StoreTarget
    users: UserTarget
    channels: _containers.RepeatedScalarFieldContainer[str]
    conditions: _containers.RepeatedCompositeFieldContainer[Condition]
    effect: Effect
    funding: _containers.RepeatedCompositeFieldContainer[FundingShare]
    more_effects: _containers.RepeatedCompositeFieldContainer[Effect]
    first_effect_only: bool
    cap_minor: int
    multiplier: Multiplier
    stacking: Stacking
    rounding: Rounding
    discount_base: ConditionBase
    price_basis: PriceBasis
    public_code: str
    when_short: WhenShort
    refund_policy: RefundPolicy
    amounts: _containers.RepeatedCompositeFieldContainer[Amounts]
    value_basis: PriceBasis
    cap_basis: PriceBasis
    slow_share_bps: int
    limits: _containers.RepeatedCompositeFieldContainer[UsageLimit]
    def __init__(self, template_id: _Optional[str] = ..., display_name: _Optional[str] = ..., description: _Optional[str] = ..., currency: _Optional[str] = ..., entitlement: _Optional[_Union[Entitlement, str]] = ..., layer: _Optional[_Union[Layer, str]] = ..., priority: _Optional[int] = ..., schedule: _Optional[_Union[Schedule, _Mapping]] = ..., products: _Optional[_Union[ProductTarget, _Mapping]] = ..., stores: _Optional[_Union[StoreTarget, _Mapping]] = ..., users: _Optional[_Union[UserTarget, _Mapping]] = ..., channels: _Optional[_Iterable[str]] = ..., conditions: _Optional[_Iterable[_Union[Condition, _Mapping]]] = ..., effect: _Optional[_Union[Effect, _Mapping]] = ..., funding: _Optional[_Iterable[_Union[FundingShare, _Mapping]]] = ..., more_effects: _Optional[_Iterable[_Union[Effect, _Mapping]]] = ..., first_effect_only: _Optional[bool] = ..., cap_minor: _Optional[int] = ..., multiplier: _Optional[_Union[Multiplier, _Mapping]] = ..., stacking: _Optional[_Union[Stacking, _Mapping]] = ..., rounding: _Optional[_Union[Rounding, _Mapping]] = ..., discount_base: _Optional[_Union[ConditionBase, str]] = ..., price_basis: _Optional[_Union[PriceBasis, str]] = ..., public_code: _Optional[str] = ..., when_short: _Optional[_Union[WhenShort, str]] = ..., refund_policy: _Optional[_Union[RefundPolicy, str]] = ..., amounts: _Optional[_Iterable[_Union[Amounts, _Mapping]]] = ..., value_basis: _Optional[_Union[PriceBasis, str]] = ..., cap_basis: _Optional[_Union[PriceBasis, str]] = ..., slow_share_bps: _Optional[int] = ..., limits: _Optional[_Iterable[_Union[UsageLimit, _Mapping]]] = ...) -> None: ...

class UsageLimit(_message.Message):
    __slots__ = ("name", "subject", "period", "measure", "most", "day_start_minute")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PERIOD_FIELD_NUMBER: _ClassVar[int]
    MEASURE_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    DAY_START_MINUTE_FIELD_NUMBER: _ClassVar[int]
    name: str
    subject: LimitSubject
    period: LimitPeriod
    measure: LimitMeasure
    most: int
    day_start_minute: int
    def __init__(self, name: _Optional[str] = ..., subject: _Optional[_Union[LimitSubject, str]] = ..., period: _Optional[_Union[LimitPeriod, str]] = ..., measure: _Optional[_Union[LimitMeasure, str]] = ..., most: _Optional[int] = ..., day_start_minute: _Optional[int] = ...) -> None: ...

class Activity(_message.Message):
    __slots__ = ("activity_id", "state", "live_version", "version", "version_state", "revision", "spec", "created_at", "updated_at", "price_entries", "funding_level", "funding_paused_until")
    ACTIVITY_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LIVE_VERSION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    VERSION_STATE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    PRICE_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    FUNDING_LEVEL_FIELD_NUMBER: _ClassVar[int]
    FUNDING_PAUSED_UNTIL_FIELD_NUMBER: _ClassVar[int]
    activity_id: str
    state: ActivityState
    live_version: int
    version: int
    version_state: ActivityState
    revision: int
    spec: ActivitySpec
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    price_entries: int
    funding_level: FundingLevel
    funding_paused_until: _timestamp_pb2.Timestamp
    def __init__(self, activity_id: _Optional[str] = ..., state: _Optional[_Union[ActivityState, str]] = ..., live_version: _Optional[int] = ..., version: _Optional[int] = ..., version_state: _Optional[_Union[ActivityState, str]] = ..., revision: _Optional[int] = ..., spec: _Optional[_Union[ActivitySpec, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., price_entries: _Optional[int] = ..., funding_level: _Optional[_Union[FundingLevel, str]] = ..., funding_paused_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
