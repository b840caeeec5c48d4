using System.Buffers.Binary;
using System.Text;

namespace Troupe.Core.Tests;

/// <summary>Writes little-endian structures for tests.</summary>
public sealed class TableBuilder
{
    private readonly List<byte> _bytes = [];

    public int Length => _bytes.Count;

    public TableBuilder U8(params int[] values)
    {
        foreach (int value in values)
            _bytes.Add((byte)value);
        return this;
    }

    public TableBuilder U16(int value) => U8(value & 0xFF, (value >> 8) & 0xFF);

    public TableBuilder U32(uint value)
    {
        byte[] buffer = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(buffer, value);
        _bytes.AddRange(buffer);
        return this;
    }

    public TableBuilder U64(ulong value) => U32((uint)value).U32((uint)(value >> 32));

    public TableBuilder Text(string text)
    {
        _bytes.AddRange(Encoding.ASCII.GetBytes(text));
        return this;
    }

    public TableBuilder Bytes(byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public TableBuilder Zeroes(int count)
    {
        _bytes.AddRange(new byte[count]);
        return this;
    }

    public byte[] ToArray() => [.. _bytes];

    /// <summary>An ACPI table: the header of ACPI 6.5, 5.2.6, with a right checksum, around the body.</summary>
    public static byte[] AcpiTable(string signature, byte[] body, byte revision = 1)
    {
        byte[] table = new TableBuilder().Text(signature).U32((uint)(36 + body.Length)).U8(revision, 0)
            .Text("TROUPE").Text("TESTTABL").U32(1).Text("TEST").U32(1).Bytes(body).ToArray();
        return FixChecksum(table, 9, table.Length);
    }

    /// <summary>Sets the byte at <paramref name="at"/> so that the first <paramref name="length"/> sum to zero.</summary>
    public static byte[] FixChecksum(byte[] bytes, int at, int length)
    {
        bytes[at] = 0;
        byte sum = 0;
        for (int i = 0; i < length; i++)
            sum += bytes[i];
        bytes[at] = (byte)-sum;
        return bytes;
    }
}
