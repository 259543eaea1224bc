//! A protoc plugin around tonic-prost-build: the Rust stubs of the packages `steer.*`.
use std::error::Error;
use std::fs;
use std::io::{Read, Write, stdin, stdout};

use prost::Message;
use prost_types::FileDescriptorSet;
use prost_types::compiler::code_generator_response::{Feature, File};
use prost_types::compiler::{CodeGeneratorRequest, CodeGeneratorResponse};

fn main() -> Result<(), Box<dyn Error>> {
    let mut input = Vec::new();
    stdin().read_to_end(&mut input)?;
    let request = CodeGeneratorRequest::decode(input.as_slice())?;

    let folder = tempfile::tempdir()?;
    let descriptors = FileDescriptorSet {
        file: request.proto_file,
    };
    tonic_prost_build::configure()
        .build_server(false)
        .out_dir(folder.path())
        .compile_fds(descriptors)?;

    let mut file = Vec::new();
    for entry in fs::read_dir(folder.path())? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| "not UTF-8")?;
        // Google's types come from prost-types.
        if name.starts_with("steer.") {
            file.push(File {
                name: Some(name),
                content: Some(fs::read_to_string(entry.path())?),
                ..File::default()
            });
        }
    }
    file.sort_by(|a, b| a.name.cmp(&b.name));
    let response = CodeGeneratorResponse {
        supported_features: Some(Feature::Proto3Optional as u64),
        file,
        ..CodeGeneratorResponse::default()
    };
    stdout().write_all(&response.encode_to_vec())?;
    Ok(())
}
