using System.Buffers.Binary;
using Troupe.Core.Machine;

namespace Troupe.Verification.Fuzzing;

/// <summary>A machine's memory before the kernel has its own: a few areas, made from the input. Whatever is read besides is a fault, as on the machine.</summary>
internal sealed class InputMemory
{
    [ThreadStatic]
    private static InputMemory? _current;

    private readonly List<(ulong Start, byte[] Bytes)> _areas = [];

    public static InputMemory Current => _current!;

    public void Install() => _current = this;

    public void Place(ulong address, byte[] bytes) => _areas.Add((address, bytes));

    public bool Holds(ulong address, ulong length) => !Find(address, length).IsEmpty || length == 0;

    public ReadOnlySpan<byte> Read(ulong address, int length)
    {
        ReadOnlySpan<byte> found = Find(address, (ulong)length);
        return found.IsEmpty ? throw new OracleException($"{length} octets at 0x{address:x} were read, where no memory is") : found[..length];
    }

    private ReadOnlySpan<byte> Find(ulong address, ulong length)
    {
        foreach ((ulong start, byte[] bytes) in _areas)
        {
            if (address >= start && address - start < (ulong)bytes.Length && (ulong)bytes.Length - (address - start) >= length)
                return bytes.AsSpan((int)(address - start));
        }

        return default;
    }
}

/// <summary>The seam to it.</summary>
internal readonly struct InputPhysicalMemory : IPhysicalMemory
{
    public static bool IsReadable(ulong address, ulong length) => InputMemory.Current.Holds(address, length);

    public static byte Read8(ulong address) => InputMemory.Current.Read(address, 1)[0];

    public static ushort Read16(ulong address) => BinaryPrimitives.ReadUInt16LittleEndian(InputMemory.Current.Read(address, 2));

    public static uint Read32(ulong address) => BinaryPrimitives.ReadUInt32LittleEndian(InputMemory.Current.Read(address, 4));

    public static ulong Read64(ulong address) => BinaryPrimitives.ReadUInt64LittleEndian(InputMemory.Current.Read(address, 8));

    public static void Write32(ulong address, uint value) => throw new OracleException("tables are read and not written");
}
