//! Parameters of a rendered image (PS3.18 8.3.5), and the form that a client takes.

use adit_pixels::render::{Crop, Format, Function, MAX_SIDE, View, Viewport, Window};

use super::InvalidAddress;
use crate::accept::{NotAcceptable, ranges};

/// What the query string of a rendered resource asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rendered {
    /// In place of the image's own.
    pub window: Option<Window>,
    /// None: every pixel as it is.
    pub viewport: Option<Viewport>,
    /// Quality of a JPEG image, 1 to 100.
    pub quality: Option<u8>,
    /// Media types that stand in the address in place of a header.
    pub accept: Option<String>,
    /// The other parameters, as a query string.
    pub rest: String,
}

impl Rendered {
    /// Reads a query string.
    pub fn parse(query_string: &str) -> Result<Self, InvalidAddress> {
        let mut rendered = Self::default();
        let mut rest = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(query_string.as_bytes()) {
            match &*name {
                "window" => rendered.window = Some(window(&value).ok_or_else(window_wanted)?),
                "viewport" => rendered.viewport = Some(viewport(&value).ok_or_else(viewport_wanted)?),
                "quality" => rendered.quality = Some(quality(&value).ok_or_else(quality_wanted)?),
                "accept" => rendered.accept = Some(value.into_owned()),
                "iccprofile" if value == "no" => {}
                "annotation" | "iccprofile" => {
                    return Err(InvalidAddress(format!("Images are rendered without {name} here. Leave it out.")));
                }
                _ => drop(rest.append_pair(&name, &value)),
            }
        }
        rendered.rest = rest.finish();
        Ok(rendered)
    }

    /// How the image is seen when it goes out in this format.
    #[must_use]
    pub fn view(&self, format: Format) -> View {
        let format = match format {
            Format::Jpeg(usual) => Format::Jpeg(self.quality.unwrap_or(usual)),
            Format::Png => Format::Png,
        };
        View { window: self.window, viewport: self.viewport, format }
    }
}

fn window(text: &str) -> Option<Window> {
    let mut parts = text.split(',');
    let (center, width) = (parts.next()?.trim().parse().ok()?, parts.next()?.trim().parse().ok()?);
    let function = Function::parse(parts.next().unwrap_or_default())?;
    parts.next().is_none().then(|| Window::new(center, width, function)).flatten()
}

fn window_wanted() -> InvalidAddress {
    InvalidAddress(
        "A window is its center, its width of at least 1, and linear, linear-exact or sigmoid, such as window=40,400,linear."
            .to_owned(),
    )
}

/// `width,height`, or with the part that is shown: `width,height,left,top,width,height`, of which each may be empty.
fn viewport(text: &str) -> Option<Viewport> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    if !matches!(parts.len(), 2 | 6) {
        return None;
    }
    let side = |text: &str| text.parse().ok().filter(|side| (1..=MAX_SIDE).contains(side));
    let number = |place: usize| match parts.get(place) {
        None | Some(&"") => Some(None),
        Some(text) => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Some),
    };
    let (left, top) = (number(2)?.unwrap_or(0.0), number(3)?.unwrap_or(0.0));
    let (width, height) = (number(4)?, number(5)?);
    let is_sound = left >= 0.0 && top >= 0.0 && width != Some(0.0) && height != Some(0.0);
    is_sound.then_some(Viewport {
        width: side(parts[0])?,
        height: side(parts[1])?,
        crop: Crop { left, top, width, height },
    })
}

fn viewport_wanted() -> InvalidAddress {
    InvalidAddress(format!(
        "A viewport is a width and a height of 1 to {MAX_SIDE} pixels, such as viewport=512,512; after them may stand left, top, width and height of the part that is shown."
    ))
}

fn quality(text: &str) -> Option<u8> {
    text.trim().parse().ok().filter(|quality| (1..=100).contains(quality))
}

fn quality_wanted() -> InvalidAddress {
    InvalidAddress("The quality is a number from 1 to 100, such as quality=90.".to_owned())
}

/// In which form rendered images go to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pictures {
    /// JPEG with the usual quality, or PNG.
    pub format: Format,
    /// One image goes as it is, not as a part.
    pub is_single: bool,
}

/// How a client takes rendered images; `count` of them.
pub fn pictures(header: &str, count: usize) -> Result<Pictures, NotAcceptable> {
    for range in ranges(header) {
        let (kind, is_single) = match range.essence.as_str() {
            "multipart/related" => (range.parameter("type").unwrap_or("*/*").to_ascii_lowercase(), false),
            "multipart/*" => ("*/*".to_owned(), false),
            "*/*" => ("*/*".to_owned(), count == 1),
            other => (other.to_owned(), true),
        };
        let format = match kind.as_str() {
            "image/jpeg" | "image/jpg" | "image/*" | "*/*" => Format::Jpeg(Format::QUALITY),
            "image/png" => Format::Png,
            _ => continue,
        };
        if count == 1 || !is_single {
            return Ok(Pictures { format, is_single });
        }
    }
    Err(NotAcceptable(if count == 1 {
        "Images are rendered as image/jpeg or image/png. Send one of them as the header Accept.".to_owned()
    } else {
        "Several images are given in parts. Send multipart/related; type=\"image/jpeg\" or type=\"image/png\" as the header Accept."
            .to_owned()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_and_the_others_left() {
        let query = "window=40,400.5,linear-exact&viewport=100,50,,,-20,&quality=80&pseudonym=a%26b&accept=image/png";
        let rendered = Rendered::parse(query).unwrap();
        assert_eq!(rendered.window, Window::new(40.0, 400.5, Function::LinearExact));
        let crop = Crop { width: Some(-20.0), ..Crop::default() };
        assert_eq!(rendered.viewport, Some(Viewport { width: 100, height: 50, crop }));
        assert_eq!((rendered.accept.as_deref(), rendered.rest.as_str()), (Some("image/png"), "pseudonym=a%26b"));
        assert_eq!(rendered.view(Format::Jpeg(90)).format, Format::Jpeg(80));
        assert_eq!(Rendered::parse("window=40,400").unwrap().window, Window::new(40.0, 400.0, Function::Linear));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_a_sentence() {
        for wrong in [
            "window=40",
            "window=40,0,linear",
            "window=40,NaN,linear",
            "window=1,2,cubic",
            "window=1,2,linear,3",
            "viewport=0,5",
            "viewport=9000,5",
            "viewport=5",
            "viewport=5,5,1",
            "viewport=5,5,-1,0,1,1",
            "viewport=5,5,0,0,0,1",
            "viewport=5,5,inf,0,1,1",
            "quality=0",
            "quality=101",
            "annotation=patient",
        ] {
            assert!(Rendered::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn pictures_go_as_clients_take_them() {
        let jpeg = Format::Jpeg(Format::QUALITY);
        for (header, count, expected) in [
            ("", 1, Some((jpeg, true))),
            ("", 2, Some((jpeg, false))),
            ("image/png", 1, Some((Format::Png, true))),
            ("image/webp,image/png,*/*;q=0.8", 1, Some((Format::Png, true))),
            ("multipart/related; type=\"image/png\"", 1, Some((Format::Png, false))),
            ("image/jpeg", 2, None),
            ("image/jpeg, multipart/related; type=image/jpeg", 2, Some((jpeg, false))),
            ("image/gif", 1, None),
        ] {
            let found = pictures(header, count).ok().map(|pictures| (pictures.format, pictures.is_single));
            assert_eq!(found, expected, "{header} {count}");
        }
    }
}
