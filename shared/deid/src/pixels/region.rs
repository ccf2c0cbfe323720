//! Rectangles of pixels, and what lies outside of them.

/// A rectangle; columns and rows count from 0 at the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region {
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Region {
    /// From the corners of an ultrasound region (PS3.3 C.8.5.5.1.16), both of them inside. Corners in the wrong order and
    /// negative ones that were read as large numbers make an empty region.
    #[must_use]
    pub fn between(x0: u32, y0: u32, x1: u32, y1: u32) -> Self {
        let length = |from: u32, to: u32| to.checked_sub(from).map_or(0, |length| length.saturating_add(1));
        Self { left: x0, top: y0, width: length(x0, x1), height: length(y0, y1) }
    }

    /// The columns inside an image, as a half-open range.
    pub(super) fn columns(&self, columns: u32) -> (u32, u32) {
        (self.left.min(columns), self.left.saturating_add(self.width).min(columns))
    }

    /// The rows inside an image, as a half-open range.
    pub(super) fn rows(&self, rows: u32) -> (u32, u32) {
        (self.top.min(rows), self.top.saturating_add(self.height).min(rows))
    }
}

/// Half-open runs of columns covered in one row: sorted, not overlapping.
pub(super) fn runs_in_row(regions: &[Region], row: u32, columns: u32, rows: u32) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = regions
        .iter()
        .filter(|region| {
            let (first, end) = region.rows(rows);
            (first..end).contains(&row)
        })
        .map(|region| region.columns(columns))
        .filter(|(from, to)| from < to)
        .collect();
    runs.sort_unstable();
    let mut merged: Vec<(u32, u32)> = Vec::with_capacity(runs.len());
    for (from, to) in runs {
        match merged.last_mut() {
            Some(last) if last.1 >= from => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// Rows at which the covered columns may change: every top and bottom, 0, and the number of rows; sorted.
pub(super) fn bands(regions: &[Region], rows: u32) -> Vec<u32> {
    let mut edges: Vec<u32> = regions.iter().flat_map(|region| <[u32; 2]>::from(region.rows(rows))).collect();
    edges.extend([0, rows]);
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// What lies outside of all regions, as rectangles.
pub(super) fn outside(regions: &[Region], columns: u32, rows: u32) -> Vec<Region> {
    let mut found: Vec<Region> = Vec::new();
    for band in bands(regions, rows).windows(2) {
        let (top, bottom) = (band[0], band[1]);
        let mut from = 0;
        let mut gap = |left: u32, right: u32| {
            if left < right {
                found.push(Region { left, top, width: right - left, height: bottom - top });
            }
        };
        for (start, end) in runs_in_row(regions, top, columns, rows) {
            gap(from, start);
            from = end;
        }
        gap(from, columns);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_and_inside_make_the_image() {
        let regions = [Region::between(2, 1, 5, 3), Region::between(4, 2, 9, 8), Region::between(3, 3, 1, 1)];
        let rest = outside(&regions, 8, 6);
        for row in 0..6 {
            for column in 0..8 {
                let covers = |all: &[Region]| {
                    runs_in_row(all, row, 8, 6).iter().any(|(from, to)| (*from..*to).contains(&column))
                };
                assert_ne!(covers(&regions), covers(&rest), "{column} {row}");
            }
        }
        assert_eq!(outside(&[Region::between(0, 0, 7, 5)], 8, 6), []);
        assert_eq!(outside(&[], 8, 6), [Region { left: 0, top: 0, width: 8, height: 6 }]);
    }
}
