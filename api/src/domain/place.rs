//! A point on the map, and how far it is to another.

use super::refusal::Refusal;

/// The mean radius of the earth, metres.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// A point, WGS 84, in millionths of a degree: some 11 cm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    latitude_micros: i64,
    longitude_micros: i64,
}

impl Point {
    /// A point of degrees.
    ///
    /// # Errors
    /// `not_a_place`.
    pub fn of_degrees(latitude: f64, longitude: f64) -> Result<Self, Refusal> {
        let micros = |degrees: f64, limit: f64| {
            let text = format!("{:.0}", degrees * 1e6);
            (degrees.abs() <= limit).then(|| text.parse::<i64>().ok()).flatten()
        };
        match (micros(latitude, 90.0), micros(longitude, 180.0)) {
            (Some(latitude_micros), Some(longitude_micros)) => Ok(Self { latitude_micros, longitude_micros }),
            _ => {
                Err(Refusal::new("latitude", "not_a_place", "This is no latitude and longitude in degrees."))
            }
        }
    }

    /// A point as the database holds it.
    pub fn of_micros(latitude_micros: i64, longitude_micros: i64) -> Self {
        Self { latitude_micros, longitude_micros }
    }

    /// Millionths of a degree: latitude and longitude.
    pub fn micros(self) -> (i64, i64) {
        (self.latitude_micros, self.longitude_micros)
    }

    /// Degrees: latitude and longitude.
    pub fn degrees(self) -> (f64, f64) {
        (degrees(self.latitude_micros), degrees(self.longitude_micros))
    }

    /// A ruler laid here, for points that are not far away: it orders them as their distances do, at a fraction of the cost. It says the
    /// square of the distance on a flat map, without a unit.
    pub fn ruler(self) -> impl Fn(Self) -> i128 {
        // A degree of longitude is that much narrower here than one of latitude, squared, in ten-thousandths.
        let narrowness: i128 = format!("{:.0}", self.degrees().0.to_radians().cos().powi(2) * 10_000.0)
            .parse()
            .unwrap_or(10_000);
        move |other| {
            let up = i128::from(other.latitude_micros - self.latitude_micros);
            let across = i128::from(other.longitude_micros - self.longitude_micros);
            up * up + across * across * narrowness / 10_000
        }
    }

    /// The distance to another point along the surface, metres (haversine).
    pub fn metres_to(self, other: Self) -> f64 {
        let (latitude, longitude) = self.degrees();
        let (other_latitude, other_longitude) = other.degrees();
        let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
        let across = latitude.to_radians().cos() * other_latitude.to_radians().cos();
        let chord = half(latitude, other_latitude) + across * half(longitude, other_longitude);
        2.0 * EARTH_RADIUS_M * chord.sqrt().min(1.0).asin()
    }
}

/// Exact: a millionth of a degree fits into 32 bits.
fn degrees(micros: i64) -> f64 {
    i32::try_from(micros).map(f64::from).unwrap_or(0.0) / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_map() {
        let zhengzhou = Point::of_degrees(34.7466, 113.6253).unwrap();
        let kaifeng = Point::of_degrees(34.7973, 114.3076).unwrap();

        let metres = zhengzhou.metres_to(kaifeng);

        assert!((62_000.0..63_000.0).contains(&metres), "{metres}");
        assert!(zhengzhou.metres_to(zhengzhou) < 0.01);
        assert_eq!(zhengzhou.micros(), (34_746_600, 113_625_300));
    }

    #[test]
    fn a_ruler_orders_points_as_their_distances_do() {
        let here = Point::of_degrees(34.7466, 113.6253).unwrap();
        let points = (0..400).map(|n| {
            Point::of_degrees(34.0 + f64::from(n % 20) * 0.07, 113.0 + f64::from(n / 20) * 0.06).unwrap()
        });
        let ruler = here.ruler();
        let mut points: Vec<Point> = points.collect();

        points.sort_by_key(|point| ruler(*point));

        let metres: Vec<f64> = points.iter().map(|point| here.metres_to(*point)).collect();
        assert!(metres.windows(2).all(|pair| pair[0] <= pair[1] * 1.01), "{metres:?}");
        assert!(ruler(Point::of_degrees(-90.0, -180.0).unwrap()) > 0, "the other side of the world");
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for (latitude, longitude) in [(91.0, 0.0), (0.0, 181.0), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert_eq!(Point::of_degrees(latitude, longitude).unwrap_err().reason, "not_a_place");
        }
    }
}
