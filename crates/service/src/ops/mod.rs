//! One file per operation or small family, named after it: what the operation means.

mod abort_multipart_upload;
mod acl;
mod bucket_tagging;
mod bucket_versioning;
mod complete_multipart_upload;
mod copy_object;
mod copy_source;
mod create_bucket;
mod create_multipart_upload;
mod delete_bucket;
mod delete_object;
mod delete_objects;
mod get_object;
mod get_object_attributes;
mod head_bucket;
mod list_buckets;
mod list_multipart_uploads;
mod list_object_versions;
mod list_objects;
mod list_parts;
mod object_tagging;
mod put_object;
mod settings;
mod upload_part;
mod upload_part_copy;
