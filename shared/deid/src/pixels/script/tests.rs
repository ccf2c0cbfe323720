use proptest::prelude::*;

use super::*;

fn facts(values: &[(u32, &str)]) -> PixelFacts {
    let mut facts = PixelFacts::default();
    values.iter().for_each(|(tag, text)| facts.take(*tag, text));
    facts
}

const MODALITY: u32 = 0x0008_0060;
const MAKER: u32 = 0x0008_0070;
const IMAGE_TYPE: u32 = 0x0008_0008;
const ROWS: u32 = 0x0028_0010;

const SCRIPT: &str = r#"
Library (of examples), see http://example.org/{not a rule

 GE (old): 3 regions
  { Modality.equals("CT") *            // a comment with } and "
    [0008,0070].containsIgnoreCase("ge med") * !(0008,0008).contains("SECONDARY") }
  (0,0,512,110) ( 1, 2, 3, 4 )

 nothing to hide
  { Rows.isGreaterThan("1000") * (Modality.equalsIgnoreCase("cr") + Modality.matches("D[XR]")) }

  { false. + [0008,0060].startsWith("U") * [0008,0060].endsWithIgnoreCase("s") }
  (0,0,640,40)
"#;

#[test]
fn first_rule_that_holds_decides() {
    let rules = PixelRules::parse(SCRIPT).unwrap();
    let regions = |values: &[(u32, &str)]| rules.regions_for(&facts(values));
    assert_eq!(rules.len(), 3);
    assert_eq!(
        regions(&[(MODALITY, "CT"), (MAKER, "GE MEDICAL SYSTEMS"), (IMAGE_TYPE, "ORIGINAL\\PRIMARY")]),
        Some(vec![
            Region { left: 0, top: 0, width: 512, height: 110 },
            Region { left: 1, top: 2, width: 3, height: 4 }
        ])
    );
    assert_eq!(regions(&[(MODALITY, "CT"), (MAKER, "GE MEDICAL"), (IMAGE_TYPE, "DERIVED\\SECONDARY")]), None);
    assert_eq!(regions(&[(MODALITY, "DX"), (ROWS, "2000")]), Some(vec![]));
    assert_eq!(regions(&[(MODALITY, "DXX"), (ROWS, "2000")]), None);
    assert_eq!(regions(&[(MODALITY, "US")]).unwrap().len(), 1);
    assert!(rules.wants(ROWS) && !rules.wants(0x0010_0010));
}

#[test]
fn and_binds_more_than_or() {
    let rules = PixelRules::parse("{ true. + true. * false. }").unwrap();
    assert_eq!(rules.regions_for(&facts(&[])), Some(vec![]));
}

#[test]
fn errors_name_the_line() {
    for (script, line, word) in [
        ("\n{ Modality.equals(\"CT\") \n(0,0,1,1)", 2, "'}'"),
        ("{ Modality.equals(\"CT\") *\n Colour.equals(\"x\") }", 2, "Colour"),
        ("{ Modality.like(\"CT\") }", 1, "like"),
        ("{ Modality.equals(CT) }", 1, "quotation"),
        ("{ true. }\n\n(0,0,1)", 3, "(left,top"),
        ("{ true. }\n(0,0,100,-5)", 2, "(left,top"),
        ("{ true. }\n(0,0,100,5", 2, "(left,top"),
        ("{ true. }\n0,0,100,5)", 2, "parentheses"),
        ("(0,0,1,1)\n{ true. }", 1, "before"),
        ("{ [0008,1111::0008,1155].equals(\"1\") }", 1, "sequences"),
        ("{ Modality.matches(\"(\") }", 1, "regular"),
        ("{ Modality.equals(\"a\") Modality.equals(\"b\") }", 1, "not expected"),
        ("{ }", 1, "ends"),
    ] {
        let error = PixelRules::parse(script).unwrap_err();
        assert_eq!(error.line, line, "{script}: {error}");
        assert!(error.reason.contains(word), "{script}: {error}");
    }
    assert!(PixelRules::parse(&format!("{{ {} }}", "!".repeat(100_000))).is_err());
}

#[test]
fn shipped_rules_are_understood() {
    assert_eq!(PixelRules::parse(SHIPPED).unwrap().len(), PixelRules::default().len());
    assert!(!PixelRules::default().is_empty());
}

proptest! {
    #[test]
    fn any_text_is_refused_or_understood(text in "[ {}()\\[\\],.*+!\"'/a-zA-Z0-9\\n\u{e4}]{0,80}") {
        let _ = PixelRules::parse(&text);
    }
}
