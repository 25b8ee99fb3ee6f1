import Glibc

extension Descriptor {
    /// How many of a regular file's first `size` bytes lie in holes: they take no room on the disk and read as zeros.
    ///
    /// 0 where the file system does not tell. Leaves the offset at the file's beginning.
    package func holes(size: Int) -> Int {
        // SEEK_DATA and SEEK_HOLE, which Swift does not import.
        let (data, hole): (Int32, Int32) = (3, 4)
        defer { lseek(number, 0, SEEK_SET) }
        var (place, sum) = (0, 0)
        while place < size {
            let start = lseek(number, off_t(place), data)
            // Behind the last data.
            if start < 0, errno == ENXIO { return sum + size - place }
            guard start >= 0 else { return sum }
            sum += min(Int(start), size) - place
            let end = lseek(number, start, hole)
            guard end > start else { return sum }
            place = Int(end)
        }
        return sum
    }
}
