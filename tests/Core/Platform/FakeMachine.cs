using Troupe.Core.Machine;

namespace Troupe.Core.Tests;

/// <summary>A made-up machine behind the platform seams. The seams are static, so a test installs its machine for its own thread.</summary>
public sealed class FakeMachine
{
    [ThreadStatic]
    private static FakeMachine? _current;

    private readonly SortedDictionary<ulong, byte[]> _regions = [];

    public static FakeMachine Current => _current ?? throw new InvalidOperationException("no machine installed");

    /// <summary>The time stamp counter; each read adds <see cref="TimeStampStep"/>.</summary>
    public ulong TimeStamp { get; set; } = 1_000_000;

    public ulong TimeStampStep { get; set; } = 20;

    /// <summary>Ticks that each port access takes.</summary>
    public ulong PortCost { get; set; } = 1_000;

    public Dictionary<uint, ulong> ModelSpecificRegisters { get; } = [];

    /// <summary>Writes of model-specific registers, in order; register 0 with value 0 stands for a fence.</summary>
    public List<(uint Register, ulong Value)> RegisterWrites { get; } = [];

    public Dictionary<(uint Leaf, uint Subleaf), CpuidResult> Cpuid { get; } = [];

    public Func<uint, ulong>? ReadRegister { get; set; }

    public Func<ulong, uint?>? ReadDevice { get; set; }

    public Func<ulong, uint, bool>? WriteDevice { get; set; }

    public Func<ushort, int, uint> ReadPort { get; set; } = (_, width) => width == 4 ? uint.MaxValue : (1u << (width * 8)) - 1;

    public Action<ushort, uint> WritePort { get; set; } = (_, _) => { };

    public List<(ulong Address, uint Value)> DeviceWrites { get; } = [];

    public Func<ulong?> RdRand { get; set; } = () => null;

    public Func<ulong?> RdSeed { get; set; } = () => null;

    public static FakeMachine Install() => _current = new FakeMachine();

    public void Place(ulong address, byte[] bytes) => _regions[address] = bytes;

    public void Leaf(uint leaf, uint eax = 0, uint ebx = 0, uint ecx = 0, uint edx = 0, uint subleaf = 0) =>
        Cpuid[(leaf, subleaf)] = new CpuidResult { Eax = eax, Ebx = ebx, Ecx = ecx, Edx = edx };

    public bool Contains(ulong address, ulong length) => Find(address, length, out _, out _);

    public ulong ReadMemory(ulong address, int width)
    {
        if (!Find(address, (ulong)width, out byte[]? bytes, out int offset))
            throw new InvalidOperationException($"page fault at 0x{address:x}, {width} bytes");
        ulong value = 0;
        for (int i = width - 1; i >= 0; i--)
            value = (value << 8) | bytes![offset + i];
        return value;
    }

    public void WriteMemory(ulong address, uint value)
    {
        DeviceWrites.Add((address, value));
        if (WriteDevice?.Invoke(address, value) == true)
            return;
        if (!Find(address, 4, out byte[]? bytes, out int offset))
            throw new InvalidOperationException($"page fault writing 0x{address:x}");
        BitConverter.TryWriteBytes(bytes.AsSpan(offset), value);
    }

    private bool Find(ulong address, ulong length, out byte[]? bytes, out int offset)
    {
        foreach ((ulong start, byte[] region) in _regions)
        {
            if (address < start || address - start > (ulong)region.Length || (ulong)region.Length - (address - start) < length)
                continue;
            bytes = region;
            offset = (int)(address - start);
            return true;
        }

        bytes = null;
        offset = 0;
        return false;
    }
}

public readonly struct FakePhysicalMemory : IPhysicalMemory
{
    public static bool IsReadable(ulong address, ulong length) => FakeMachine.Current.Contains(address, length);

    public static byte Read8(ulong address) => (byte)FakeMachine.Current.ReadMemory(address, 1);

    public static ushort Read16(ulong address) => (ushort)FakeMachine.Current.ReadMemory(address, 2);

    public static uint Read32(ulong address) =>
        FakeMachine.Current.ReadDevice?.Invoke(address) ?? (uint)FakeMachine.Current.ReadMemory(address, 4);

    public static ulong Read64(ulong address) => FakeMachine.Current.ReadMemory(address, 8);

    public static void Write32(ulong address, uint value) => FakeMachine.Current.WriteMemory(address, value);
}

public readonly struct FakePorts : IPorts
{
    public static byte In8(ushort port) => (byte)In(port, 1);

    public static void Out8(ushort port, byte value) => Out(port, value);

    public static ushort In16(ushort port) => (ushort)In(port, 2);

    public static void Out16(ushort port, ushort value) => Out(port, value);

    public static uint In32(ushort port) => In(port, 4);

    public static void Out32(ushort port, uint value) => Out(port, value);

    private static uint In(ushort port, int width)
    {
        FakeMachine.Current.TimeStamp += FakeMachine.Current.PortCost;
        return FakeMachine.Current.ReadPort(port, width);
    }

    private static void Out(ushort port, uint value)
    {
        FakeMachine.Current.TimeStamp += FakeMachine.Current.PortCost / 2;
        FakeMachine.Current.WritePort(port, value);
        FakeMachine.Current.TimeStamp += FakeMachine.Current.PortCost - (FakeMachine.Current.PortCost / 2);
    }
}

public readonly struct FakeModelSpecificRegisters : IModelSpecificRegisters
{
    public static ulong Read(uint register)
    {
        FakeMachine machine = FakeMachine.Current;
        if (machine.ReadRegister != null)
            return machine.ReadRegister(register);
        return machine.ModelSpecificRegisters.TryGetValue(register, out ulong value)
            ? value
            : throw new InvalidOperationException($"general protection: RDMSR 0x{register:x}");
    }

    public static void Write(uint register, ulong value)
    {
        FakeMachine.Current.RegisterWrites.Add((register, value));
        FakeMachine.Current.ModelSpecificRegisters[register] = value;
    }

    public static void Fence() => FakeMachine.Current.RegisterWrites.Add((0, 0));
}

public readonly unsafe struct FakeCpuid : ICpuid
{
    public static void Query(uint leaf, uint subleaf, CpuidResult* result) =>
        *result = FakeMachine.Current.Cpuid.GetValueOrDefault((leaf, subleaf));
}

public readonly struct FakeTimeStampCounter : ITimeStampCounter
{
    public static ulong Read() => FakeMachine.Current.TimeStamp += FakeMachine.Current.TimeStampStep;

    public static ulong ReadOrdered() => Read();
}

public readonly unsafe struct FakeRandomInstructions : IRandomInstructions
{
    public static bool TryRdRand(ulong* value) => Take(FakeMachine.Current.RdRand(), value);

    public static bool TryRdSeed(ulong* value) => Take(FakeMachine.Current.RdSeed(), value);

    private static bool Take(ulong? drawn, ulong* value)
    {
        *value = drawn ?? 0; // as the instructions do when the carry flag is clear
        return drawn.HasValue;
    }
}
