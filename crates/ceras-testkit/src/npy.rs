//! NumPy's `.npy` format, as the oracle writes it: version 1, little-endian, C order.

/// The elements of an [`Array`].
#[derive(Clone, Debug, PartialEq)]
pub enum Elements {
    /// `bool`
    Bool(Vec<bool>),
    /// `uint8`
    U8(Vec<u8>),
    /// `int32`
    I32(Vec<i32>),
    /// `int64`
    I64(Vec<i64>),
    /// `uint32`
    U32(Vec<u32>),
    /// `uint64`
    U64(Vec<u64>),
    /// `float32`
    F32(Vec<f32>),
    /// `float64`
    F64(Vec<f64>),
}

/// An array of any rank, its last axis running fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The dimensions.
    pub dims: Vec<usize>,
    /// The elements.
    pub elements: Elements,
}

impl Array {
    /// Reads the bytes of a `.npy` file.
    ///
    /// # Errors
    /// They are not such a file, or one of a kind that the oracle does not write.
    pub fn parse(bytes: &[u8]) -> Result<Array, String> {
        if bytes.len() < 10 || !bytes.starts_with(b"\x93NUMPY\x01\x00") {
            return Err("not a .npy file of version 1".into());
        }
        let header_end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let header = bytes.get(10..header_end).ok_or("the header is cut off")?;
        let header = std::str::from_utf8(header).map_err(|_| "the header is not text")?;
        if field(header, "fortran_order")?.starts_with("True") {
            return Err("Fortran order".into());
        }
        let kind = field(header, "descr")?.trim_start_matches('\'');
        let shape = field(header, "shape")?.trim_start_matches('(');
        let shape = shape.split(')').next().unwrap_or_default();
        let dims: Result<Vec<usize>, _> =
            shape.split(',').map(str::trim).filter(|dim| !dim.is_empty()).map(str::parse).collect();
        let dims = dims.map_err(|_| format!("shape ({shape})"))?;
        let data = &bytes[header_end..];
        let elements = match kind.split('\'').next().unwrap_or_default() {
            "|b1" => Elements::Bool(data.iter().map(|byte| *byte != 0).collect()),
            "|u1" => Elements::U8(data.to_vec()),
            "<i4" => Elements::I32(whole(data, i32::from_le_bytes)),
            "<i8" => Elements::I64(whole(data, i64::from_le_bytes)),
            "<u4" => Elements::U32(whole(data, u32::from_le_bytes)),
            "<u8" => Elements::U64(whole(data, u64::from_le_bytes)),
            "<f4" => Elements::F32(whole(data, f32::from_le_bytes)),
            "<f8" => Elements::F64(whole(data, f64::from_le_bytes)),
            other => return Err(format!("elements of type {other}")),
        };
        let array = Array { dims, elements };
        let expected: usize = array.dims.iter().product();
        if array.len() == expected {
            Ok(array)
        } else {
            Err(format!("{} elements, not {expected}", array.len()))
        }
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        match &self.elements {
            Elements::Bool(x) => x.len(),
            Elements::U8(x) => x.len(),
            Elements::I32(x) => x.len(),
            Elements::I64(x) => x.len(),
            Elements::U32(x) => x.len(),
            Elements::U64(x) => x.len(),
            Elements::F32(x) => x.len(),
            Elements::F64(x) => x.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements as `f64`.
    pub fn to_f64(&self) -> Vec<f64> {
        match &self.elements {
            Elements::Bool(x) => x.iter().map(|&x| f64::from(u8::from(x))).collect(),
            Elements::U8(x) => x.iter().map(|&x| f64::from(x)).collect(),
            Elements::I32(x) => x.iter().map(|&x| f64::from(x)).collect(),
            Elements::I64(x) => x.iter().map(|&x| x as f64).collect(),
            Elements::U32(x) => x.iter().map(|&x| f64::from(x)).collect(),
            Elements::U64(x) => x.iter().map(|&x| x as f64).collect(),
            Elements::F32(x) => x.iter().map(|&x| f64::from(x)).collect(),
            Elements::F64(x) => x.clone(),
        }
    }

    /// The elements as `f32`.
    pub fn to_f32(&self) -> Vec<f32> {
        match &self.elements {
            Elements::F32(x) => x.clone(),
            _ => self.to_f64().into_iter().map(|x| x as f32).collect(),
        }
    }

    /// The type's name as Keras has it, such as `float32`.
    pub fn dtype_name(&self) -> &'static str {
        match &self.elements {
            Elements::Bool(_) => "bool",
            Elements::U8(_) => "uint8",
            Elements::I32(_) => "int32",
            Elements::I64(_) => "int64",
            Elements::U32(_) => "uint32",
            Elements::U64(_) => "uint64",
            Elements::F32(_) => "float32",
            Elements::F64(_) => "float64",
        }
    }

    /// The elements' bytes, native endianness.
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.elements {
            Elements::Bool(x) => x.iter().map(|&x| u8::from(x)).collect(),
            Elements::U8(x) => x.clone(),
            Elements::I32(x) => x.iter().flat_map(|x| x.to_ne_bytes()).collect(),
            Elements::I64(x) => x.iter().flat_map(|x| x.to_ne_bytes()).collect(),
            Elements::U32(x) => x.iter().flat_map(|x| x.to_ne_bytes()).collect(),
            Elements::U64(x) => x.iter().flat_map(|x| x.to_ne_bytes()).collect(),
            Elements::F32(x) => x.iter().flat_map(|x| x.to_ne_bytes()).collect(),
            Elements::F64(x) => x.iter().flat_map(|x| x.to_ne_bytes()).collect(),
        }
    }
}

/// What follows `'name': ` in a header.
fn field<'a>(header: &'a str, name: &str) -> Result<&'a str, String> {
    let key = format!("'{name}':");
    let at = header.find(&key).ok_or_else(|| format!("the header has no {name}"))?;
    Ok(header[at + key.len()..].trim_start())
}

fn whole<const N: usize, T>(data: &[u8], from: fn([u8; N]) -> T) -> Vec<T> {
    data.as_chunks::<N>().0.iter().map(|bytes| from(*bytes)).collect()
}
