"""The protos: stubs that match them, reasons that match the code, and a word on everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import google.rpc
import pytest
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)
from grpc_tools import protoc

from rangli.activities import rpc as activities
from rangli.activities.policies import rpc as policies
from rangli.checkout import rpc as checkout
from rangli.core.errors import Code, Reason
from rangli.counters import rpc as counters
from rangli.coupons import rpc as coupons
from rangli.events import rpc as events
from rangli.funds import rpc as funds
from rangli.pricing import rpc as pricing
from rangli.selection import rpc as selection
from rangli.storage.batcher import Batching
from rangli.storage.keys import Keys
from rangli.v1 import error_reason_pb2
from rangli.wallet import rpc as wallet

_ROOT = Path(__file__).parents[1]
_PROTOS = sorted((_ROOT / "protos/rangli/v1").glob("*.proto"))
_STUBS = _ROOT / "src/rangli/v1"
_INCLUDES = [
    f"-I{_ROOT / 'protos'}",
    f"-I{Path(next(iter(google.rpc.__path__))).parents[1]}",
    f"-I{resources.files('grpc_tools') / '_proto'}",
]


def compiled(*arguments: str) -> None:
    assert protoc.main(["protoc", *_INCLUDES, *arguments]) == 0


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> list[FileDescriptorProto]:
    """Our files with the places of their comments."""
    out = tmp_path_factory.mktemp("descriptors") / "all"
    compiled(f"--descriptor_set_out={out}", "--include_source_info", *map(str, _PROTOS))
    return list(FileDescriptorSet.FromString(out.read_bytes()).file)


def test_the_committed_stubs_are_those_of_the_protos(tmp_path: Path) -> None:
    services = [proto for proto in _PROTOS if proto.stem.endswith("_service")]
    compiled(f"--python_out={tmp_path}", f"--pyi_out={tmp_path}", *map(str, _PROTOS))
    compiled(f"--grpc_python_out={tmp_path}", *map(str, services))

    made = {path.name: path.read_text() for path in (tmp_path / "rangli/v1").iterdir()}
    committed = {path.name: path.read_text() for path in _STUBS.iterdir() if "_pb2" in path.name}

    assert sorted(committed) == sorted(made)
    for name, text in made.items():
        assert committed[name] == text, f"{name} is stale: run `make proto`"


def test_the_path_is_the_package(described: list[FileDescriptorProto]) -> None:
    for file in described:
        assert file.package == "rangli.v1"
        assert file.name == f"rangli/v1/{Path(file.name).name}"
        assert [service.name for service in file.service] == (
            [_camel(Path(file.name).stem)] if file.name.endswith("_service.proto") else []
        )


def _camel(snake: str) -> str:
    return "".join(word.capitalize() for word in snake.split("_"))


def test_every_reason_is_in_the_proto_and_in_the_code() -> None:
    in_proto = {
        name.removeprefix("ERROR_REASON_"): number
        for name, number in error_reason_pb2.ErrorReason.items()
    }

    assert in_proto.pop("UNSPECIFIED") == 0
    assert set(in_proto) == {reason.value for reason in Reason}
    assert all(reason.name == reason.value for reason in Reason)


def test_every_reason_says_its_code(described: list[FileDescriptorProto]) -> None:
    (file,) = [file for file in described if file.name.endswith("error_reason.proto")]
    comments = _comments(file)
    for number, value in enumerate(file.enum_type[0].value):
        comment = comments.get((5, 0, 2, number), "")
        if value.number:
            assert comment.split(".")[0] in set(Code), value.name


def test_every_service_and_method_is_described_and_served(
    described: list[FileDescriptorProto],
) -> None:
    none = _NoStores()
    services = (
        *(expose(none) for expose in (selection.expose, activities.expose, policies.expose)),  # type: ignore[arg-type]
        pricing.expose(none, none),  # type: ignore[arg-type]
        *(
            expose(none, Batching(none.pg))  # type: ignore[arg-type]
            for expose in (funds.expose, wallet.expose, counters.expose)
        ),
        coupons.expose(none, Batching(none.pg), none),  # type: ignore[arg-type]
        checkout.expose(none, Batching(none.pg), none),  # type: ignore[arg-type]
        events.expose(none),  # type: ignore[arg-type]
    )
    served = {
        service.name: {method.name: method for method in service.methods} for service in services
    }
    for file in described:
        comments = _comments(file)
        for place, service in enumerate(file.service):
            assert comments.get((6, place)), service.name
            methods = served.pop(f"rangli.v1.{service.name}")
            for number, method in enumerate(service.method):
                assert comments.get((6, place, 2, number)), method.name
                ours = methods.pop(method.name)
                streamed = ours.shape.name == "CLIENT_STREAM"
                assert method.client_streaming == streamed
                assert method.server_streaming == (ours.shape.name == "SERVER_STREAM")
                asked = ours.request.DESCRIPTOR.full_name  # type: ignore[attr-defined]
                assert method.input_type == f".{asked}"
            assert not methods
    assert not served


class _NoStores:
    """Enough to list the methods of services that are never called."""

    pg = redis = None
    keys = Keys(token=b"", codes=b"", admission=b"")


def test_enums_begin_with_an_unspecified_value_of_their_own_name(
    described: list[FileDescriptorProto],
) -> None:
    for file in described:
        for enum in file.enum_type:
            prefix = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", enum.name).upper()
            assert (enum.value[0].name, enum.value[0].number) == (f"{prefix}_UNSPECIFIED", 0)
            assert all(value.name.startswith(f"{prefix}_") for value in enum.value)


def messages(
    file: FileDescriptorProto,
) -> Iterator[tuple[tuple[int, ...], str, DescriptorProto]]:
    """Every message of the file with its place and full name."""

    def below(
        place: tuple[int, ...], name: str, message: DescriptorProto
    ) -> Iterator[tuple[tuple[int, ...], str, DescriptorProto]]:
        yield place, name, message
        for number, nested in enumerate(message.nested_type):
            yield from below((*place, 3, number), f"{name}.{nested.name}", nested)

    for number, message in enumerate(file.message_type):
        yield from below((4, number), message.name, message)


# What is sent to us, so that each field must say whether it has to be there.
_SAID_BY_CALLERS = re.compile(
    r".*Request(\.Header)?|Activity|ActivitySpec|Schedule|WeeklyWindow|FundingShare|CartLine"
    r"|Credential|PriceEntry|Set|\w+Target|Min\w+|SetPrice|PercentOff|AmountOff|Tier|ThresholdOff"
    r"|Compare|FactIs|Rule|DeliveredBy|Presents|AllOf|AnyOf|NotAny|NthUnit|BuyGet|NForPrice|BundlePart"
    r"|Bundle|Gift|TradeUp|ShippingOff|Earn|Multiplier|Stop|Stacking|Rounding|StackingPolicy"
    r"|PolicyGroup|GroupMember|Guards|Amounts|DeliveryGroup"
)
_BEGINNINGS = ("Required", "Optional", "Output only")


def test_fields_of_requests_say_whether_they_must_be_given(
    described: list[FileDescriptorProto],
) -> None:
    silent = []
    for file in described:
        comments = _comments(file)
        for place, name, message in messages(file):
            if not _SAID_BY_CALLERS.fullmatch(name):
                continue
            for number, field in enumerate(message.field):
                comment = comments.get((*place, 2, number), "")
                if _in_oneof(message, field) or comment.startswith(_BEGINNINGS):
                    continue
                silent.append(f"{name}.{field.name}: {comment}")

    assert silent == []


def _in_oneof(message: DescriptorProto, field: FieldDescriptorProto) -> bool:
    """Whether the field is a choice of a oneof, which says for all whether one is needed."""
    return field.HasField("oneof_index") and not field.proto3_optional


def test_messages_are_described(described: list[FileDescriptorProto]) -> None:
    """Requests and answers by their method's comment, all others by one of their own."""
    spoken_of = re.compile(r".*(Request|Response)(\..+)?")
    silent = []
    for file in described:
        comments = _comments(file)
        silent += [
            name
            for place, name, _ in messages(file)
            if not spoken_of.fullmatch(name) and not comments.get(place)
        ]

    assert silent == []


# What is listed whole: it is bounded, and small.
_FEW = {"ListTemplates", "ListPolicies", "ListAssignments", "ListUsableCoupons"}


def test_changes_carry_a_request_id_and_lists_carry_pages(
    described: list[FileDescriptorProto],
) -> None:
    names = {name: message for file in described for _, name, message in messages(file)}
    # GenerateCodes is no read, and cannot be repeated: its codes come once.
    reads = re.compile(
        r"(Get|List|Lint|Preview|Quote|BatchQuote|Simulate|Reconcile|Evaluate|Explain|Pull|GenerateCodes).*"
    )
    for file in described:
        for service in file.service:
            for method in service.method:
                request = method.input_type.rpartition(".")[2]
                fields = {field.name for field in names[request].field}
                if f"{request}.Header" in names:
                    fields = {field.name for field in names[f"{request}.Header"].field}
                if many := _changes_of(method.name, names[request]):
                    # Each change of a batch is named by itself.
                    fields = {field.name for field in names[many].field}
                assert ("request_id" in fields) != bool(reads.fullmatch(method.name)), method.name
                if method.name.startswith("List") and method.name not in _FEW:
                    assert {"page_size", "page_token"} <= fields


def _changes_of(method: str, request: DescriptorProto) -> str:
    """The message of a batch's single change, "" if the method is none."""
    if not method.startswith("Batch") or method == "BatchQuote":
        return ""
    (items,) = request.field
    return items.type_name.removeprefix(".rangli.v1.")


def _comments(file: FileDescriptorProto) -> dict[tuple[int, ...], str]:
    return {
        tuple(location.path): location.leading_comments.strip()
        for location in file.source_code_info.location
    }
