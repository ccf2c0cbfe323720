use super::*;

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const SC: &str = "1.2.840.10008.5.1.4.1.1.7";
const US: &str = "1.2.840.10008.5.1.4.1.1.6.1";
const SLIDE: &str = "1.2.840.10008.5.1.4.1.1.77.1.6";

const IMAGE_TYPE: u32 = 0x0008_0008;
const MODALITY: u32 = 0x0008_0060;
const CONVERSION: u32 = 0x0008_0064;
const SERIES: u32 = 0x0008_103E;
const BURNED_IN: u32 = 0x0028_0301;

fn facts(class: &str, values: &[(u32, &str)]) -> PixelFacts {
    let mut facts =
        PixelFacts { has_pixels: true, transfer_syntax_uid: "1.2.840.10008.1.2.1".to_owned(), ..PixelFacts::default() };
    let image = [
        (0x0008_0016, class),
        (0x0028_0002, "1"),
        (0x0028_0004, "MONOCHROME2"),
        (0x0028_0010, "512"),
        (0x0028_0011, "640"),
        (0x0028_0100, "8"),
        (0x0028_0101, "8"),
    ];
    image.iter().chain(values).for_each(|(tag, text)| facts.take(*tag, text));
    facts
}

fn none() -> PixelRules {
    PixelRules::parse("").unwrap()
}

fn held(facts: &PixelFacts) -> bool {
    let held = matches!(decide(facts, &none(), false), PixelDecision::HoldBack(_));
    if held {
        assert_eq!(decide(facts, &none(), true), PixelDecision::Pass, "allowed by a person");
    }
    held
}

#[test]
fn ordinary_images_pass() {
    for (class, values) in [
        (CT, vec![(MODALITY, "CT"), (IMAGE_TYPE, "ORIGINAL\\PRIMARY\\LOCALIZER")]),
        (CT, vec![(SERIES, "Thorax low dose"), (BURNED_IN, "NO")]),
        (CT, vec![(IMAGE_TYPE, "DERIVED\\SECONDARY\\REFORMATTED")]),
        ("1.2.840.10008.5.1.4.1.1.1.1", vec![(MODALITY, "DX")]),
        ("1.2.840.10008.5.1.4.1.1.128", vec![(MODALITY, "PT")]),
        ("1.2.840.10008.5.1.4.1.1.66.4", vec![(MODALITY, "SEG")]),
        (SLIDE, vec![(MODALITY, "SM"), (IMAGE_TYPE, "ORIGINAL\\PRIMARY\\VOLUME\\NONE")]),
        (US, vec![(MODALITY, "US"), (BURNED_IN, "NO")]),
    ] {
        assert!(!held(&facts(class, &values)), "{class} {values:?}");
    }
}

#[test]
fn risky_images_are_held_back() {
    for (class, values) in [
        (CT, vec![(BURNED_IN, "YES")]),
        (CT, vec![(0x0028_0302, "YES")]),
        (CT, vec![(IMAGE_TYPE, "DERIVED\\SECONDARY\\SCREEN SAVE")]),
        (CT, vec![(IMAGE_TYPE, "ORIGINAL\\SECONDARY\\OTHER\\CT_SOM5 PROT")]),
        (CT, vec![(IMAGE_TYPE, "DERIVED\\SECONDARY\\DOSE_INFO")]),
        (CT, vec![(SERIES, "Dose Report")]),
        (CT, vec![(CONVERSION, "DF")]),
        (CT, vec![(MODALITY, "OT")]),
        (SC, vec![(BURNED_IN, "NO"), (MODALITY, "CT"), (IMAGE_TYPE, "DERIVED\\SECONDARY")]),
        (US, vec![(MODALITY, "US")]),
        (US, vec![(MODALITY, "US"), (BURNED_IN, "YES")]),
        (SLIDE, vec![(IMAGE_TYPE, "ORIGINAL\\PRIMARY\\LABEL\\NONE")]),
        (SLIDE, vec![(IMAGE_TYPE, "ORIGINAL\\PRIMARY\\OVERVIEW\\NONE")]),
        ("1.2.840.10008.5.1.4.1.1.77.1.4", vec![]),
        ("1.2.840.10008.5.1.4.1.1.77.1.1.1", vec![]),
        ("1.3.12.2.1107.5.9.1", vec![]),
        ("", vec![(MODALITY, "CT")]),
    ] {
        assert!(held(&facts(class, &values)), "{class} {values:?}");
    }
    let video = PixelFacts { transfer_syntax_uid: "1.2.840.10008.1.2.4.103".to_owned(), ..facts(CT, &[]) };
    assert!(held(&video));
}

#[test]
fn documents_never_leave() {
    for class in ["104.1", "104.3", "9.4.1", "66"] {
        let document = PixelFacts { has_pixels: false, ..facts(&format!("1.2.840.10008.5.1.4.1.1.{class}"), &[]) };
        for looked_at in [false, true] {
            assert!(matches!(decide(&document, &none(), looked_at), PixelDecision::HoldBack(_)), "{class}");
        }
    }
    let report = PixelFacts { has_pixels: false, ..facts("1.2.840.10008.5.1.4.1.1.88.11", &[(MODALITY, "SR")]) };
    assert!(!held(&report));
}

#[test]
fn a_rule_comes_first() {
    let rules = PixelRules::parse(
        "{ Modality.equals(\"CT\") } (0,0,512,20)\n{ SOPClassUID.endsWith(\".7\") }\n{ Rows.equals(\"512\") } (1,2,3,4)",
    )
    .unwrap();
    let region = |left, top, width, height| PixelDecision::Blackout(vec![Region { left, top, width, height }]);
    assert_eq!(decide(&facts(CT, &[(MODALITY, "CT")]), &rules, false), region(0, 0, 512, 20));
    assert_eq!(decide(&facts(SC, &[(BURNED_IN, "YES")]), &rules, false), PixelDecision::Pass);
    assert_eq!(decide(&facts(US, &[]), &rules, false), region(1, 2, 3, 4));
    let mut compressed = facts(CT, &[(MODALITY, "CT")]);
    compressed.transfer_syntax_uid = "1.2.840.10008.1.2.4.80".to_owned();
    assert_eq!(decide(&compressed, &rules, false), region(0, 0, 512, 20));
    compressed.transfer_syntax_uid = "1.2.840.10008.1.2.4.201".to_owned();
    assert!(matches!(decide(&compressed, &rules, true), PixelDecision::HoldBack(_)));
}

#[test]
fn ultrasound_keeps_its_regions() {
    let mut image = facts(US, &[(MODALITY, "US")]);
    image.ultrasound_regions = vec![Region::between(10, 50, 639, 511)];
    let expected =
        vec![Region { left: 0, top: 0, width: 640, height: 50 }, Region { left: 0, top: 50, width: 10, height: 462 }];
    assert_eq!(decide(&image, &none(), false), PixelDecision::Blackout(expected.clone()));
    assert_eq!(decide(&image, &none(), true), PixelDecision::Blackout(expected.clone()));
    image.take(BURNED_IN, "YES");
    assert_eq!(decide(&image, &none(), false), PixelDecision::Blackout(expected));
    image.transfer_syntax_uid = "1.2.840.10008.1.2.4.201".to_owned();
    assert!(held(&image));
    // Regions that cover all of the image do not say where the text is.
    let mut whole = facts(US, &[]);
    whole.ultrasound_regions = vec![Region::between(0, 0, 639, 511)];
    assert!(held(&whole));
    whole.ultrasound_regions = vec![Region::between(5000, 0, 6000, 511)];
    assert!(held(&whole));
}

#[test]
fn reasons_say_what_to_do() {
    let PixelDecision::HoldBack(reason) = decide(&facts(SC, &[]), &none(), false) else { panic!() };
    assert_eq!(
        reason,
        "screens, scans and films may show the patient's name: look at the images and then allow them for this job, or add a \
         blackout rule for this device"
    );
}

#[test]
fn a_dose_grid_is_no_dose_screen() {
    let named = [(MODALITY, "RTDOSE"), (IMAGE_TYPE, "DERIVED\\SECONDARY\\DOSE"), (SERIES, "Dose Summary")];
    assert!(!held(&facts("1.2.840.10008.5.1.4.1.1.481.2", &named)));
    assert!(held(&facts("1.2.840.10008.5.1.4.1.1.481.2", &[(BURNED_IN, "YES")])));
    assert!(held(&facts(CT, &named[1..])));
}

#[test]
fn regions_beside_the_image_clean_nothing() {
    for region in ["(700,0,10,10)", "(0,0,0,0)", "(0,512,640,20)"] {
        let rules = PixelRules::parse(&format!("{{ true. }} {region}")).unwrap();
        for allowed in [false, true] {
            let decision = decide(&facts(SC, &[]), &rules, allowed);
            assert!(matches!(decision, PixelDecision::HoldBack(reason) if reason.contains("outside of the image")));
        }
    }
}
