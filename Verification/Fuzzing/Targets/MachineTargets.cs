using System.Buffers.Binary;
using System.Text;
using Troupe.Core.Machine;

namespace Troupe.Verification.Fuzzing;

/// <summary>What both targets hold a description of a machine to.</summary>
internal abstract unsafe class MachineTarget(string name) : FuzzTarget(name)
{
    protected const ulong StartInfoAt = 0x2_0000;

    public override int LongestInput => 1024;

    protected static void Discover(InputMemory memory)
    {
        memory.Install();
        MachineDescription machine;
        if (!MachineDiscovery<InputPhysicalMemory>.Discover(StartInfoAt, &machine))
            return;
        Require(machine.ProcessorCount is >= 0 and <= MachineDescription.MaximumProcessors, "there are more processors than places");
        Require(machine.IoApicCount is >= 0 and <= MachineDescription.MaximumIoApics, "there are more I/O APICs than places");
        Require(machine.OverrideCount is >= 0 and <= MachineDescription.MaximumOverrides, "there are more overrides than places");
        Require(machine.EcamCount is >= 0 and <= MachineDescription.MaximumEcamRanges, "there are more configuration spaces than places");
        Require(machine.VirtioWindowCount is >= 0 and <= MachineDescription.MaximumVirtioWindows, "there are more devices than places");
        Require(machine.MemoryCount is >= 0 and <= MachineDescription.MaximumMemoryRanges, "there are more ranges of memory than places");
        Require(machine.ModuleCount is >= 0 and <= MachineDescription.MaximumModules, "there are more modules than places");
        Require(machine is { Malformed: >= 0, Overflowed: >= 0, DisabledProcessors: >= 0, MalformedCommandLineWords: >= 0 }, "a count is negative");
        for (int index = 0; index < machine.MemoryCount; index++)
        {
            MemoryMapEntry* range = MachineDescription.Memory(&machine, index);
            Require(range->Address + range->Length > range->Address, "a range of memory is empty or wraps");
        }

        for (int index = 0; index < machine.EcamCount; index++)
        {
            EcamRange* range = MachineDescription.Ecam(&machine, index);
            Require(range->FirstBus <= range->LastBus && range->Address != 0, "a configuration space has no buses");
        }

        for (int index = 0; index < machine.VirtioWindowCount; index++)
            Require(MachineDescription.VirtioWindow(&machine, index)->Address != 0, "a device's registers are nowhere");
    }
}

/// <summary>The start info of PVH, as it lies in memory: structure, memory map, modules and command line wherever the pointers of the input lead.</summary>
internal sealed class PvhTarget() : MachineTarget("pvh-start-info")
{
    public override IEnumerable<byte[]> Seeds
    {
        get
        {
            byte[] memory = new byte[320];
            BinaryPrimitives.WriteUInt32LittleEndian(memory, PvhStartInfo<InputPhysicalMemory>.Magic);
            memory[4] = 1;
            memory[12] = 1;
            BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(16), StartInfoAt + 0x40);
            BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(24), StartInfoAt + 0xC0);
            BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(40), StartInfoAt + 0x60);
            memory[48] = 2;
            BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(0x48), 0x1000);
            BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(0x68), 0xA_0000);
            BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(0x78), 0x10_0000);
            BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(0x80), 0x800_0000);
            Encoding.ASCII.GetBytes("kernel.quiet virtio_mmio.device=0x200@0xfeb00e00:23:4 virtio_mmio.device=4K@0x1000:5 ip=dhcp").CopyTo(memory, 0xC0);
            yield return memory;
        }
    }

    public override IReadOnlyList<byte[]> Words => [.. new[] { " virtio_mmio.device=", "4K@", "0x200@0xd0000000:5", ":7", ":0x", "G@" }.Select(Encoding.ASCII.GetBytes), [0, 0, 2, 0, 0, 0, 0, 0], [0xC0, 0, 2, 0, 0, 0, 0, 0]];

    public override void Run(ReadOnlySpan<byte> input)
    {
        InputMemory memory = new();
        memory.Place(StartInfoAt, input.ToArray());
        Discover(memory);
    }
}

/// <summary>
/// The tables of ACPI, and the multiprocessor table, with lengths and checksums put right. The input is a list of tables: an octet for which one, two for its length, the body.
/// </summary>
internal sealed class FirmwareTablesTarget() : MachineTarget("acpi")
{
    private const ulong TablesAt = 0x10_0000;
    private const ulong PointerAt = 0xF_0000;
    private const int HeaderLength = 36;
    private const byte OldLists = 1;
    private const byte LeaveLengths = 2;
    private static readonly string[] _signatures = ["APIC", "MCFG", "FACP", "DSDT", "SSDT", "PCMP", "HPET"];

    public override IEnumerable<byte[]> Seeds =>
    [
        [0, .. Table(0, [0, 0, 0xE0, 0xFE, 1, 0, 0, 0, 0, 8, 0, 0, 1, 0, 0, 0, 0, 8, 1, 1, 1, 0, 0, 0, 1, 12, 0, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0, 2, 10, 0, 0, 2, 0, 0, 0, 0, 0, 4, 6, 0xFF, 0, 0, 1,
            9, 16, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 10, 12, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 12, 0, 0, 0, 0, 0xE0, 0xFE, 0, 0, 0, 0])],
        [0, .. Table(1, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xB0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0, 0, 0, 0])],
        [1, .. Table(2, new byte[112]), .. Table(3, VirtioDevice()), .. Table(4, VirtioDevice())],
        [0, .. Table(5, [.. new byte[28], 0xE0, 0xFE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 3, 0xB1, 0x0F, 6, 0, 0xFD, 0xFB, 0x8B, 0x17, 0, 0, 0, 0, 0, 0, 0, 0,
            1, 0, (byte)'I', (byte)'S', (byte)'A', 32, 32, 32, 2, 3, 0x14, 1, 0, 0, 0xC0, 0xFE, 3, 0, 0, 0, 0, 5, 0, 9, 4, 1, 0, 0, 0, 4, 0xFF, 1])],
    ];

    public override IReadOnlyList<byte[]> Words => [[0x5B, 0x82, 0x42, 4], [8, .. "_HID"u8, 0x0D, .. "LNRO0005"u8, 0], [8, .. "_CRS"u8, 0x11, 0x1A, 0x0A, 0x17], [0x86, 9, 0, 1], [0x89, 6, 0, 1, 1], [0x79, 0], [0, 8], [9, 16], [1, 12], [2, 10]];

    public override void Run(ReadOnlySpan<byte> input)
    {
        InputReader reader = new(input);
        byte kind = reader.Byte();
        List<ulong> listed = [];
        ulong at = TablesAt;
        ulong definitions = 0;
        InputMemory memory = new();
        List<(byte[] Table, int Kind)> tables = [];
        while (!reader.IsAtEnd && tables.Count < 32)
        {
            int which = reader.Byte() % _signatures.Length;
            byte[] table = Build(which, reader.Take(reader.UInt16()));
            memory.Place(at, table);
            tables.Add((table, which));
            if (_signatures[which] == "DSDT")
                definitions = at;
            else if (_signatures[which] == "PCMP")
                PlacePointer(memory, at);
            else
                listed.Add(at);
            at += (ulong)(table.Length + 15) & ~15ul;
        }

        foreach ((byte[] table, int which) in tables)
            Finish(table, which, definitions, (kind & LeaveLengths) != 0);
        PlaceRoot(memory, at, listed, (kind & OldLists) != 0);
        Discover(memory);
    }

    private static byte[] Table(byte which, byte[] body) => [which, (byte)body.Length, (byte)(body.Length >> 8), .. body];

    // As QEMU's microvm describes one of its virtio devices.
    private static byte[] VirtioDevice() => Convert.FromHexString(
        "5b82420456523233085f4849440d4c4e524f3030303500085f5549440a17085f43434101085f435253111a0a1786090001002eb0fe0002000089060001012f0000007900");

    private static byte[] Build(int which, ReadOnlySpan<byte> body)
    {
        byte[] table = new byte[Math.Max(HeaderLength, (_signatures[which] == "PCMP" ? 8 : HeaderLength) + body.Length)];
        Encoding.ASCII.GetBytes(_signatures[which], table);
        table[8] = 1;
        body.CopyTo(table.AsSpan(_signatures[which] == "PCMP" ? 8 : HeaderLength));
        return table;
    }

    private static void Finish(byte[] table, int which, ulong definitions, bool leavesLength)
    {
        bool isOld = _signatures[which] == "PCMP";
        if (isOld)
            BinaryPrimitives.WriteUInt16LittleEndian(table.AsSpan(4), (ushort)table.Length);
        else if (!leavesLength || table.Length < HeaderLength + 4)
            BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(4), (uint)table.Length);
        else
            table.AsSpan(HeaderLength, 4).CopyTo(table.AsSpan(4));
        if (_signatures[which] == "FACP" && table.Length >= 44 && definitions != 0)
            BinaryPrimitives.WriteUInt32LittleEndian(table.AsSpan(40), (uint)definitions);
        uint length = isOld ? (uint)table.Length : BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(4));
        Sum(table, isOld ? 7 : 9, (int)Math.Min(length, (uint)table.Length));
    }

    private static void PlacePointer(InputMemory memory, ulong table)
    {
        byte[] pointer = new byte[16];
        "_MP_"u8.CopyTo(pointer);
        BinaryPrimitives.WriteUInt32LittleEndian(pointer.AsSpan(4), (uint)table);
        (pointer[8], pointer[9]) = (1, 4);
        Sum(pointer, 10, pointer.Length);
        memory.Place(PointerAt, pointer);
    }

    private static void PlaceRoot(InputMemory memory, ulong at, List<ulong> listed, bool isOld)
    {
        byte[] list = new byte[HeaderLength + (listed.Count * (isOld ? 4 : 8))];
        (isOld ? "RSDT"u8 : "XSDT"u8).CopyTo(list);
        BinaryPrimitives.WriteUInt32LittleEndian(list.AsSpan(4), (uint)list.Length);
        for (int index = 0; index < listed.Count; index++)
        {
            if (isOld)
                BinaryPrimitives.WriteUInt32LittleEndian(list.AsSpan(HeaderLength + (index * 4)), (uint)listed[index]);
            else
                BinaryPrimitives.WriteUInt64LittleEndian(list.AsSpan(HeaderLength + (index * 8)), listed[index]);
        }

        Sum(list, 9, list.Length);
        memory.Place(at, list);
        byte[] root = new byte[36];
        "RSD PTR "u8.CopyTo(root);
        root[15] = (byte)(isOld ? 0 : 2);
        BinaryPrimitives.WriteUInt32LittleEndian(root.AsSpan(16), (uint)at);
        root[20] = 36;
        BinaryPrimitives.WriteUInt64LittleEndian(root.AsSpan(24), at);
        Sum(root, 8, 20);
        Sum(root, 32, 36);
        memory.Place(at + 0x1_0000, root);
        byte[] start = new byte[56];
        BinaryPrimitives.WriteUInt32LittleEndian(start, PvhStartInfo<InputPhysicalMemory>.Magic);
        start[4] = 1;
        BinaryPrimitives.WriteUInt64LittleEndian(start.AsSpan(32), at + 0x1_0000);
        memory.Place(StartInfoAt, start);
    }

    private static void Sum(byte[] bytes, int at, int length)
    {
        bytes[at] = 0;
        byte sum = 0;
        foreach (byte octet in bytes.AsSpan(0, length))
            sum += octet;
        bytes[at] = (byte)-sum;
    }
}
