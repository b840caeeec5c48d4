using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Troupe.Apps.Storage;

/// <summary>
/// Records that become durable together: written in one piece, on pages of their own. The checksum covers the area's salt, the number of the commit, the checksum of the commit
/// before, and all records; so neither half a commit nor anything that lay on the disk before passes for one.
/// </summary>
internal sealed class Commit
{
    /// <summary>Bytes before the first record.</summary>
    public const int HeaderLength = 32;

    private const uint Magic = 0x43474C54;
    private const int ChecksumOffset = 4;
    private const int SequenceOffset = 8;
    private const int LengthOffset = 16;
    private const int CountOffset = 20;
    private const int PreviousOffset = 24;
    private const int RecordHeaderLength = 8;
    private const byte PutRecord = 1;
    private const byte DeleteRecord = 2;

    private readonly byte[] _bytes = new byte[LogPages.MaximumCommit];
    private int _length = HeaderLength;

    /// <summary>Records in it.</summary>
    public int Count { get; private set; }

    /// <summary>Pages it takes.</summary>
    public int Pages => LogPages.Count(_length);

    /// <summary>Whole pages, after <see cref="Seal"/>.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Pages * LogPages.Size);

    /// <summary>Bytes of a record.</summary>
    public static int RecordLength(string key, ReadOnlySpan<byte> value) => RecordHeaderLength + Encoding.UTF8.GetByteCount(key) + value.Length;

    /// <summary>Adds a value; false if there is no room.</summary>
    public bool TryAddPut(string key, ReadOnlySpan<byte> value) => TryAdd(PutRecord, key, value);

    /// <summary>Adds the end of a value; false if there is no room.</summary>
    public bool TryAddDelete(string key) => TryAdd(DeleteRecord, key, default);

    /// <summary>Empties it for another use.</summary>
    public void Clear()
    {
        _bytes.AsSpan(0, Pages * LogPages.Size).Clear();
        _length = HeaderLength;
        Count = 0;
    }

    /// <summary>Writes the header and answers the checksum.</summary>
    public uint Seal(ulong salt, ulong sequence, uint previous)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(SequenceOffset), sequence);
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(LengthOffset), _length);
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(CountOffset), Count);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(PreviousOffset), previous);
        var checksum = Checksum.Compute(salt, _bytes.AsSpan(SequenceOffset, _length - SequenceOffset));
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(ChecksumOffset), checksum);
        return checksum;
    }

    /// <summary>The length that a page says its commit has; 0 if no commit begins there. Believed only by <see cref="TryOpen"/>.</summary>
    public static int LengthAt(ReadOnlySpan<byte> page)
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(page[LengthOffset..]);
        return BinaryPrimitives.ReadUInt32LittleEndian(page) == Magic && length is >= HeaderLength and <= LogPages.MaximumCommit ? length : 0;
    }

    /// <summary>Whether <paramref name="bytes"/>, as long as <see cref="LengthAt"/> says, are the commit that comes next.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> bytes, ulong salt, ulong sequence, uint previous, out uint checksum)
    {
        checksum = BinaryPrimitives.ReadUInt32LittleEndian(bytes[ChecksumOffset..]);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes[SequenceOffset..]) == sequence
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes[PreviousOffset..]) == previous
            && checksum == Checksum.Compute(salt, bytes[SequenceOffset..]);
    }

    /// <summary>Tells each record of a commit that was opened, in order: a put with its value, a delete with the default.</summary>
    /// <exception cref="StoreException">The checksum fits and the records do not: whoever wrote it was wrong.</exception>
    public static void Read(ReadOnlySpan<byte> bytes, Action<string, ImmutableArray<byte>> record)
    {
        var count = BinaryPrimitives.ReadInt32LittleEndian(bytes[CountOffset..]);
        var rest = bytes[HeaderLength..];
        for (var index = 0; index < count; index++)
        {
            if (rest.Length < RecordHeaderLength)
            {
                throw new StoreException($"A commit says that it has {count} records and ends after {index}.");
            }

            var kind = rest[0];
            var keyLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]);
            var valueLength = BinaryPrimitives.ReadInt32LittleEndian(rest[4..]);
            rest = rest[RecordHeaderLength..];
            if (kind is not (PutRecord or DeleteRecord) || keyLength > rest.Length || (uint)valueLength > (uint)(rest.Length - keyLength))
            {
                throw new StoreException($"A commit has a record of kind {kind} with a key of {keyLength} and a value of {valueLength} bytes, and {rest.Length} bytes for both.");
            }

            record(Encoding.UTF8.GetString(rest[..keyLength]), kind == PutRecord ? ImmutableArray.Create(rest.Slice(keyLength, valueLength)) : default);
            rest = rest[(keyLength + valueLength)..];
        }
    }

    private bool TryAdd(byte kind, string key, ReadOnlySpan<byte> value)
    {
        var length = RecordLength(key, value);
        if (length > _bytes.Length - _length)
        {
            return false;
        }

        var at = _bytes.AsSpan(_length, length);
        var keyLength = Encoding.UTF8.GetBytes(key, at[RecordHeaderLength..]);
        at[0] = kind;
        BinaryPrimitives.WriteUInt16LittleEndian(at[2..], (ushort)keyLength);
        BinaryPrimitives.WriteInt32LittleEndian(at[4..], value.Length);
        value.CopyTo(at[(RecordHeaderLength + keyLength)..]);
        _length += length;
        Count++;
        return true;
    }
}
