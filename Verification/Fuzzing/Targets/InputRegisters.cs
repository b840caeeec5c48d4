using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Tests;

namespace Troupe.Verification.Fuzzing;

/// <summary>A device's registers that answer what the input says, and take what they are told.</summary>
internal sealed class InputRegisters : RegisterWindow
{
    private readonly byte[] _registers;

    public InputRegisters(ReadOnlySpan<byte> input, int length)
        : base(length)
    {
        _registers = new byte[length];
        input[..Math.Min(length, input.Length)].CopyTo(_registers);
    }

    protected override byte Read8Core(int offset) => _registers[offset];

    protected override ushort Read16Core(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(_registers.AsSpan(offset));

    protected override uint Read32Core(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_registers.AsSpan(offset));

    // Written and read again they are the input's once more: a device need not remember anything.
    protected override void Write8Core(int offset, byte value) => _ = _registers[offset];

    protected override void Write16Core(int offset, ushort value) => _ = _registers.AsSpan(offset, 2);

    protected override void Write32Core(int offset, uint value) => _ = _registers.AsSpan(offset, 4);

    protected override void StoreAddressCore(int offset, DmaBlock target, int targetOffset) => _ = _registers.AsSpan(offset, 8);
}

/// <summary>A function on PCI whose configuration space and registers are the input's.</summary>
internal sealed class InputFunction(byte[] space, byte[] registers, int vectors) : PciFunction
{
    private const int Registers = 0x400;
    private readonly FakeMemory _memory = new();

    public override string Name => "pci 00:03.0";

    public override PciAddress Address => new(0, 3, 0);

    public override int VectorCount => vectors;

    public override uint ReadConfiguration(int offset) =>
        offset is < 0 or > 252 || offset % 4 != 0 ? throw new OracleException($"the configuration space was read at {offset}") : MemoryMarshal.Read<uint>(space.AsSpan(offset));

    public override RegisterWindow OpenBar(int bar) => bar switch
    {
        0 => new InputRegisters(registers, Registers),
        4 => new InputRegisters(registers, 64),
        _ => throw new CapabilityException($"There are no registers {bar}."),
    };

    public override InterruptLine OpenVector(int vector) =>
        vector >= 0 && vector < vectors ? new FakeLine(null) : throw new OracleException($"vector {vector} of {vectors} was opened");

    public override InterruptLine OpenInterrupt() => new FakeLine(static () => false);

    public override void SetBusMaster(bool enabled)
    {
    }

    public override DmaArena CreateArena(long limit) => new FakeArena(_memory, limit);

    public override void Revoke()
    {
    }
}

/// <summary>Registers that firmware says are of a device.</summary>
internal sealed class InputPlatformDevice(byte[] registers, int length) : PlatformDevice
{
    private readonly FakeMemory _memory = new();

    public override string Name => "virtio-mmio 0";

    public override RegisterWindow OpenRegisters() => new InputRegisters(registers, length);

    public override InterruptLine OpenInterrupt() => new FakeLine(static () => false);

    public override DmaArena CreateArena(long limit) => new FakeArena(_memory, limit);

    public override void Revoke()
    {
    }
}
