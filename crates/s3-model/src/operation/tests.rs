use super::*;

#[test]
fn rows_stand_in_the_order_of_the_enum() {
    for (place, row) in Operation::table().iter().enumerate() {
        assert_eq!(row.operation as usize, place, "{}", row.name);
        assert_eq!(row.operation.row(), row);
        assert_eq!(format!("{:?}", row.operation), row.name);
    }
}

#[test]
fn no_row_hides_a_later_one() {
    let table = Operation::table();
    for (place, row) in table.iter().enumerate() {
        if matches!(row.status, Status::SameAs(_)) {
            continue;
        }
        for earlier in &table[..place] {
            let same_place = earlier.method == row.method && earlier.path == row.path;
            let fits = earlier.query.iter().all(|condition| row.query.contains(condition))
                && earlier.header.is_none_or(|header| row.header == Some(header));
            assert!(!(same_place && fits), "{} hides {}", earlier.name, row.name);
        }
    }
}

#[test]
fn older_names_are_the_same_on_the_wire() {
    for row in Operation::table() {
        let Status::SameAs(operation) = row.status else { continue };
        let newer = operation.row();
        assert_eq!(
            (row.method, row.path, row.query, row.action),
            (newer.method, newer.path, newer.query, newer.action)
        );
        assert!(!matches!(newer.status, Status::SameAs(_)));
    }
}

#[test]
fn conditions_are_read_from_text() {
    assert_eq!(QueryCondition::new("uploads"), QueryCondition { key: "uploads", value: None });
    assert_eq!(QueryCondition::new("list-type=2"), QueryCondition { key: "list-type", value: Some("2") });
    assert_eq!(QueryCondition::new("list-type=2").to_string(), "list-type=2");
}

#[test]
fn actions_follow_the_version() {
    let version = types::VersionId::from_text("abc");
    assert_eq!(Operation::GetObject.action(None), Some("s3:GetObject"));
    assert_eq!(Operation::GetObject.action(Some(&version)), Some("s3:GetObjectVersion"));
    assert_eq!(Operation::CopyObject.source_action(Some(&version)), Some("s3:GetObjectVersion"));
    assert_eq!(Operation::PutObject.source_action(None), None);
    assert_eq!(Operation::CorsPreflight.action(None), None);
}

#[test]
fn the_files_made_from_the_table_are_in_step() {
    assert_eq!(
        Operation::table_as_json(),
        include_str!("../../operations.json"),
        "run the example `operations`"
    );
    // Behind it stands what each kind of store does, which `server` holds.
    let page = include_str!("../../../../docs/compatibility.md");
    assert!(page.starts_with(&Operation::compatibility_page()), "run the example `compatibility`");
}
