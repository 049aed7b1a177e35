use super::*;

fn file(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend([version, 0]);
    if version == 1 {
        bytes.extend((header.len() as u16).to_le_bytes());
    } else {
        bytes.extend((header.len() as u32).to_le_bytes());
    }
    bytes.extend(header.bytes());
    bytes.extend(data);
    bytes
}

fn header(descr: &str, fortran: bool, shape: &str) -> String {
    let fortran = if fortran { "True" } else { "False" };
    format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n")
}

fn read_one(descr: &str, data: &[u8]) -> Tensor {
    from_bytes(&file(1, &header(descr, false, "(1,)"), data), "t").unwrap()
}

fn error(bytes: &[u8]) -> String {
    let error = from_bytes(bytes, "t.npy").unwrap_err().to_string();
    assert!(error.starts_with("cannot read `t.npy` as a NumPy array\n  "), "{error}");
    error
}

#[test]
fn every_type_goes_out_and_in() {
    for dtype in DType::ALL {
        for dims in [&[][..], &[3], &[2, 3], &[0, 4], &[1, 2, 1, 3]] {
            let count = dims.iter().product::<usize>();
            let numbers: Vec<f64> = (0..count).map(|index| index as f64).collect();
            let tensor = Tensor::new(dims, numbers).unwrap().cast(dtype);
            let bytes = to_bytes(&tensor);
            assert_eq!(from_bytes(&bytes, "t").unwrap(), tensor);
            assert_eq!((bytes.len() - tensor.bytes().len()) % 64, 0);
        }
    }
}

#[test]
fn either_byte_order() {
    assert_eq!(read_one("<f4", &1.5f32.to_le_bytes()), Tensor::from_slice(&[1.5f32]));
    assert_eq!(read_one(">f4", &1.5f32.to_be_bytes()), Tensor::from_slice(&[1.5f32]));
    assert_eq!(read_one("=i8", &(-7i64).to_ne_bytes()), Tensor::from_slice(&[-7i64]));
    assert_eq!(read_one(">u8", &u64::MAX.to_be_bytes()), Tensor::from_slice(&[u64::MAX]));
    assert_eq!(read_one("|b1", &[2]), Tensor::from_bools(&[1], &[true]).unwrap());
}

#[test]
fn narrow_types_are_widened() {
    assert_eq!(read_one("|i1", &[0xff]), Tensor::from_slice(&[-1i32]));
    assert_eq!(read_one(">i2", &(-300i16).to_be_bytes()), Tensor::from_slice(&[-300i32]));
    assert_eq!(read_one("<u2", &65535u16.to_le_bytes()), Tensor::from_slice(&[65535u32]));
    assert_eq!(read_one("<f2", &0x3e00u16.to_le_bytes()), Tensor::from_slice(&[1.5f32]));
    assert_eq!(read_one(">f2", &0xc000u16.to_be_bytes()), Tensor::from_slice(&[-2.0f32]));
}

#[test]
fn half_precision_is_exact() {
    let cases = [
        (0x0000, 0.0),
        (0x8000, -0.0),
        (0x0001, 5.960_464_5e-8),
        (0x83ff, -6.097_555e-5),
        (0x0400, 6.103_515_6e-5),
        (0x3555, 0.333_251_95),
        (0x7bff, 65504.0),
        (0x7c00, f32::INFINITY),
        (0xfc00, f32::NEG_INFINITY),
    ];
    for (bits, number) in cases {
        assert_eq!(half(bits).to_bits(), f32::to_bits(number), "{bits:04x}");
    }
    assert!(half(0x7e01).is_nan());
}

#[test]
fn fortran_order_is_turned() {
    let data: Vec<u8> = [1i32, 4, 2, 5, 3, 6].iter().flat_map(|x| x.to_le_bytes()).collect();
    let read = from_bytes(&file(2, &header("<i4", true, "(2, 3)"), &data), "t").unwrap();
    assert_eq!(read, Tensor::new(&[2, 3], [1i32, 2, 3, 4, 5, 6]).unwrap());
    let cube: Vec<u8> = (0..24u8).collect();
    let read = from_bytes(&file(3, &header("|u1", true, "(2, 3, 4)"), &cube), "t").unwrap();
    let at = |i: usize, j: usize, k: usize| read.slice::<u8>()[(i * 3 + j) * 4 + k];
    assert_eq!((at(1, 0, 0), at(0, 1, 0), at(0, 0, 1), at(1, 2, 3)), (1, 2, 6, 23));
    assert!(from_bytes(&file(1, &header("<i4", true, "(0, 5)"), &[]), "t").unwrap().is_empty());
    assert_eq!(from_bytes(&file(1, &header("|u1", true, "()"), &[7]), "t").unwrap(), Tensor::scalar(7u8));
}

#[test]
fn cut_off_anywhere_is_an_error() {
    let whole = to_bytes(&Tensor::from_slice(&[1.0f32, 2.0, 3.0]));
    for length in 0..whole.len() {
        error(&whole[..length]);
    }
    let said = error(&whole[..whole.len() - 1]);
    assert!(said.contains("cut off: [3] of <f4 are 12 bytes, and 11 are there"), "{said}");
    let mut longer = whole.clone();
    longer.extend([1, 2, 3]);
    assert!(from_bytes(&longer, "t").is_ok());
}

#[test]
fn absurd_headers_are_errors() {
    assert!(error(b"PK\x03\x04 a zip file").contains("does not begin"));
    assert!(error(&file(9, "{}", &[])).contains("version is 9"));
    assert!(error(&file(2, &" ".repeat(20_000), &[])).contains("20000 bytes long"));
    let mut lying = file(2, "{}", &[]);
    lying[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(error(&lying).contains("are the most"));
    let huge = "(4294967296, 4294967296, 4294967296)";
    assert!(error(&file(1, &header("<f4", false, huge), &[0; 8])).contains("too large"));
    assert!(error(&file(1, &header("|u1", false, "(18446744073709551615,)"), &[])).contains("too large"));
    assert!(error(&file(1, &header("<f8", false, "(1000000000000,)"), &[0; 8])).contains("cut off"));
    assert!(
        error(&file(1, &header("<f8", false, &format!("({})", "1,".repeat(65))), &[0; 8]))
            .contains("65 axes")
    );
    assert!(error(&file(1, "\u{0}\u{1}", &[])).contains("its header"));
}

#[test]
fn elements_that_are_no_numbers_are_refused() {
    for (descr, word) in
        [("|O", "pickled"), ("<U10", "text"), ("|S3", "text"), ("<c8", "complex"), ("<M8[ns]", "dates")]
    {
        assert!(error(&file(1, &header(descr, false, "(1,)"), &[0; 80])).contains(word), "{descr}");
    }
    for descr in ["", "<f3", "<f16", "|V2", "é", "<<<"] {
        assert!(error(&file(1, &header(descr, false, "(1,)"), &[0; 80])).contains("no numbers"), "{descr}");
    }
}

#[test]
fn no_bytes_panic() {
    let whole = to_bytes(&Tensor::new(&[2, 2], [1.0f32, 2.0, 3.0, 4.0]).unwrap());
    let mut random = crate::data::RandomState::new(3);
    for _ in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..=random.interval(3) {
            let position = random.interval(95) as usize;
            bytes[position] = random.interval(255) as u8;
        }
        let _ = from_bytes(&bytes, "fuzz");
    }
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let tensor = Tensor::from_slice(&[1i64, 2]);
    write(&path, &tensor).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), to_bytes(&tensor));
    assert_eq!(read(&path).unwrap(), tensor);
    assert!(read(folder.path().join("y.npy")).unwrap_err().to_string().contains("there is no such file"));
}
