"""A buf plugin that makes everything for a Python package of stubs, from all files at once.

gRPC's plugin for Python exists only inside the protoc of grpcio-tools, so this plugin runs that
protoc over the descriptors from buf, and adds the `__init__.py` for `from steer import v1`.
"""

import re
import sys
import tempfile
from pathlib import Path, PurePosixPath

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc

OUTPUTS = ("python", "mypy", "grpc_python", "mypy_grpc")
PLUGINS = {
    name: Path(sys.executable).with_name(f"protoc-gen-{name}") for name in ("mypy", "mypy_grpc")
}
NOTE = "# Generated from the contract. Do not edit.\n"


def run_protoc(request: CodeGeneratorRequest, folder: Path) -> None:
    descriptors = folder / "descriptors.binpb"
    descriptors.write_bytes(FileDescriptorSet(file=request.proto_file).SerializeToString())
    out = folder / "out"
    out.mkdir()
    status = protoc.main(
        [
            "protoc",
            f"--descriptor_set_in={descriptors}",
            *(f"--plugin=protoc-gen-{name}={path}" for name, path in PLUGINS.items()),
            *(f"--{name}_out={out}" for name in OUTPUTS),
            *request.file_to_generate,
        ]
    )
    if status != 0:
        sys.exit(status)


def has_code(path: Path, request: CodeGeneratorRequest) -> bool:
    """gRPC's plugin makes an empty file for each file without services."""
    stem, is_grpc, _ = path.name.partition("_pb2_grpc.")
    with_services = {Path(file.name).stem for file in request.proto_file if file.service}
    return path.is_file() and (not is_grpc or stem in with_services)


def reexports(file: FileDescriptorProto) -> str:
    """Lists public names, because `import *` would include imported modules."""
    module = PurePosixPath(file.name).with_suffix("").as_posix().replace("/", ".") + "_pb2"
    names = [message.name for message in file.message_type]
    for enum in file.enum_type:
        names += [enum.name, *(value.name for value in enum.value)]
    services = [
        f"{service.name}{kind}" for service in file.service for kind in ("Stub", "Servicer")
    ]
    services += [f"add_{service.name}Servicer_to_server" for service in file.service]
    return "".join(
        f"from {source} import (\n"
        + "".join(f"    {name} as {name},\n" for name in sorted(group))
        + ")\n"
        for source, group in ((module, names), (f"{module}_grpc", services))
        if group
    )


def packages(request: CodeGeneratorRequest) -> dict[PurePosixPath, str]:
    found: dict[PurePosixPath, str] = {}
    for file in request.proto_file:
        if file.name not in request.file_to_generate:
            continue
        folder = PurePosixPath(file.name).parent
        for parent in (*reversed(folder.parents[:-1]), folder):
            found.setdefault(parent / "__init__.py", NOTE)
        found[folder / "__init__.py"] += reexports(file)
    return found


def main() -> None:
    request = CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    response = CodeGeneratorResponse(
        supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_protoc(request, folder)
        out = folder / "out"
        for path in sorted(path for path in out.rglob("*") if has_code(path, request)):
            text = re.sub(r"[ \t]+$", "", path.read_text("utf-8"), flags=re.MULTILINE)
            response.file.add(name=path.relative_to(out).as_posix(), content=text)
    for path, content in sorted(packages(request).items()):
        response.file.add(name=path.as_posix(), content=content)
    sys.stdout.buffer.write(response.SerializeToString())


main()
