using Troupe.Core.Machine;
using Troupe.Core.Tests.Memory;
using Xunit.Abstractions;

namespace Troupe.Core.Tests;

public sealed unsafe class AcpiTests(ITestOutputHelper output) : IDisposable
{
    private const ulong Root = 0xF_5000;
    private const ulong List = 0x10_0000;
    private const ulong FirstTable = 0x10_1000;
    private const ulong Dsdt = 0x20_0000;

    private readonly ITestOutputHelper _output = output;
    private readonly FakeMachine _machine = FakeMachine.Install();
    private readonly DescriptionBuffer _description = new();

    public void Dispose() => _description.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void TablesAreFoundThroughEitherList(int revision)
    {
        PlaceTables(revision, Madt(new TableBuilder().U8(0, 8, 0, 7).U32(1)));
        Assert.True(AcpiTables<FakePhysicalMemory>.Read(Root, _description.Pointer));
        Assert.Equal([7u], Ids());
        Assert.Equal(TopologySource.Acpi, _description.Pointer->TopologySource);
        Assert.Equal(0, _description.Pointer->Malformed);
    }

    [Fact]
    public void ADamagedXsdtFallsBackToTheRsdt()
    {
        PlaceTables(2, Madt(new TableBuilder().U8(0, 8, 0, 7).U32(1)));
        byte[] rsdt = TableBuilder.AcpiTable("RSDT", new TableBuilder().U32((uint)FirstTable).ToArray());
        _machine.Place(0x11_0000, rsdt);
        byte[] xsdt = TableBuilder.AcpiTable("XSDT", new TableBuilder().U64(FirstTable).ToArray());
        xsdt[20] ^= 0xFF;
        _machine.Place(List, xsdt);

        Assert.True(AcpiTables<FakePhysicalMemory>.Read(Root, _description.Pointer));
        Assert.Equal([7u], Ids());
        Assert.Equal(1, _description.Pointer->Malformed);
    }

    [Fact]
    public void TheRootIsFoundInTheBiosAreaWhenTheLoaderSaysNothing()
    {
        PlaceTables(0, Madt(new TableBuilder()));
        Assert.Equal(Root, RootPointer<FakePhysicalMemory>.Find(0));
        Assert.Equal(Root, RootPointer<FakePhysicalMemory>.Find(0x1234)); // a hint that leads nowhere
    }

    [Fact]
    public void TheRootIsFoundInTheExtendedBiosDataArea()
    {
        _machine.Place(0x400, new TableBuilder().Zeroes(14).U16(0x9FC0).Zeroes(3).U16(639).Zeroes(32).ToArray());
        _machine.Place(0x9_FC00, new TableBuilder().Zeroes(0x20).Bytes(RootStructure(0, 0x11_0000)).Zeroes(0x200).ToArray());
        Assert.Equal(0x9_FC20ul, RootPointer<FakePhysicalMemory>.Find(0));
    }

    [Fact]
    public void ProcessorsThatAreNotEnabledAreNeitherStartedNorCounted()
    {
        PlaceTables(2, Madt(new TableBuilder()
            .U8(0, 8, 0, 0).U32(1)
            .U8(0, 8, 1, 2).U32(0)
            .U8(0, 8, 2, 4).U32(2) // online capable: a slot for hot-plugging
            .U8(0, 8, 3, 6).U32(3)));
        AcpiTables<FakePhysicalMemory>.Read(Root, _description.Pointer);
        Assert.Equal([0u, 6u], Ids());
        Assert.Equal(2, _description.Pointer->DisabledProcessors);
    }

    [Fact]
    public void X2ApicEntriesCarryWideIdsAndDoNotRepeatProcessors()
    {
        PlaceTables(2, Madt(new TableBuilder()
            .U8(0, 8, 0, 1).U32(1)
            .U8(9, 16, 0, 0).U32(1).U32(1).U32(0)
            .U8(9, 16, 0, 0).U32(0x1234).U32(1).U32(1)
            .U8(9, 16, 0, 0).U32(uint.MaxValue).U32(1).U32(2)));
        AcpiTables<FakePhysicalMemory>.Read(Root, _description.Pointer);
        Assert.Equal([1u, 0x1234u], Ids());
        Assert.Equal(1, _description.Pointer->Malformed); // the broadcast id
    }

    [Fact]
    public void ControllersOverridesNmiAndTheApicsAddressAreRead()
    {
        PlaceTables(2, Madt(new TableBuilder()
            .U8(0, 8, 0, 0).U32(1)
            .U8(1, 12, 2, 0).U32(0xFEC1_0000).U32(24)
            .U8(2, 10, 0, 9).U32(20).U16(0b1111)
            .U8(2, 10, 0, 0).U32(2).U16(0)
            .U8(4, 6, 0xFF).U16(0).U8(0)
            .U8(5, 12, 0, 0).U64(0xFEE0_1000)));
        AcpiTables<FakePhysicalMemory>.Read(Root, _description.Pointer);

        MachineDescription* found = _description.Pointer;
        Assert.Equal(0xFEC1_0000ul, MachineDescription.IoApic(found, 0)->Address);
        Assert.Equal(24u, MachineDescription.IoApic(found, 0)->InterruptBase);
        Assert.Equal(2u, MachineDescription.IoApic(found, 0)->Id);
        InterruptOverride route;
        MachineDescription.ResolveIsaInterrupt(found, 9, &route);
        Assert.Equal((20u, InterruptPolarity.ActiveLow, InterruptTrigger.Level), (route.GlobalInterrupt, route.Polarity, route.Trigger));
        MachineDescription.ResolveIsaInterrupt(found, 0, &route);
        Assert.Equal((2u, InterruptPolarity.ActiveHigh, InterruptTrigger.Edge), (route.GlobalInterrupt, route.Polarity, route.Trigger));
        Assert.Equal(0u, found->NonMaskableInput);
        Assert.Equal(0xFEE0_1000ul, found->LocalApicAddress);
        Assert.False(found->HasLegacyPic);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(200)]
    public void AnEntryOfImpossibleLengthEndsTheTableAndKeepsWhatCameBefore(int length)
    {
        PlaceTables(2, Madt(new TableBuilder().U8(0, 8, 0, 5).U32(1).U8(0, length, 0, 6).U32(1)));
        AcpiTables<FakePhysicalMemory>.Read(Root, _description.Pointer);
        Assert.Equal([5u], Ids());
        Assert.Equal(1, _description.Pointer->Malformed);
    }

    [Fact]
    public void ConfigurationSpaceWindowsAreReadAndNonsenseIsNot()
    {
        PlaceTables(2, TableBuilder.AcpiTable("MCFG", new TableBuilder().Zeroes(8)
            .U64(0xB000_0000).U16(0).U8(0, 255).U32(0)
            .U64(0xC000_0000).U16(1).U8(9, 8).U32(0) // ends before it begins
            .U64(0xC000_0123).U16(1).U8(0, 8).U32(0) // not aligned
            .ToArray()));
        AcpiTables<FakePhysicalMemory>.Read(Root, _description.Pointer);
        Assert.Equal(1, _description.Pointer->EcamCount);
        Assert.Equal(0xB000_0000ul, MachineDescription.Ecam(_description.Pointer, 0)->Address);
        Assert.Equal(255, MachineDescription.Ecam(_description.Pointer, 0)->LastBus);
        Assert.Equal(2, _description.Pointer->Malformed);
    }

    [Theory]
    [InlineData(116)]
    [InlineData(268)]
    public void TheFixedTableLeadsToTheDefinitionsInBothItsLengths(int length)
    {
        byte[] body = new byte[length - 36];
        BitConverter.TryWriteBytes(body.AsSpan(40 - 36), (uint)Dsdt);
        body[108 - 36] = 0x32;
        PlaceTables(2, TableBuilder.AcpiTable("FACP", body));
        _machine.Place(Dsdt, Convert.FromHexString(RecordedTables.MicrovmDsdt));
        AcpiTables<FakePhysicalMemory>.Read(Root, _description.Pointer);

        Assert.Equal(0x32, _description.Pointer->CenturyRegister);
        Assert.Equal(1, _description.Pointer->VirtioWindowCount);
        VirtioMmioWindow* window = MachineDescription.VirtioWindow(_description.Pointer, 0);
        Assert.Equal((0xFEB0_2E00ul, 512ul, 47u), (window->Address, window->Length, window->Interrupt));
        Assert.Equal((InterruptPolarity.ActiveHigh, InterruptTrigger.Level, -1), (window->Polarity, window->Trigger, window->Id));
        Assert.Equal(0, _description.Pointer->Malformed);
    }

    [Fact]
    public void TheRecordedProcessorTableHasTwoProcessorsAndTwoControllers()
    {
        PlaceTables(2, Convert.FromHexString(RecordedTables.MicrovmMadt));
        AcpiTables<FakePhysicalMemory>.Read(Root, _description.Pointer);
        Assert.Equal([0u, 1u], Ids());
        Assert.Equal(1, _description.Pointer->DisabledProcessors);
        Assert.Equal(2, _description.Pointer->IoApicCount);
        Assert.Equal(24u, MachineDescription.IoApic(_description.Pointer, 1)->InterruptBase);
    }

    [Fact]
    public void AVirtioDeviceWithoutResourcesIsCountedAndTheNextIsFound()
    {
        byte[] recorded = Convert.FromHexString(RecordedTables.MicrovmDsdt);
        byte[] device = recorded[0x10A..0x14F];
        byte[] broken = [.. device];
        broken[0x26 + 2] = (byte)'X'; // no _CRS any more
        byte[] table = TableBuilder.AcpiTable("SSDT", new TableBuilder().Bytes(broken).Bytes(device).ToArray());
        PlaceTables(2, table);
        AcpiTables<FakePhysicalMemory>.Read(Root, _description.Pointer);
        Assert.Equal(1, _description.Pointer->VirtioWindowCount);
        Assert.Equal(1, _description.Pointer->Malformed);
    }

    [Fact]
    public void AListThatNamesTablesOutOfReachOnlyLosesThose()
    {
        PlaceTables(2, Madt(new TableBuilder().U8(0, 8, 0, 7).U32(1)));
        _machine.Place(List, TableBuilder.AcpiTable("XSDT", new TableBuilder()
            .U64(ulong.MaxValue - 10).U64(0).U64(0xDEAD_0000_0000).U64(FirstTable).ToArray()));
        Assert.True(AcpiTables<FakePhysicalMemory>.Read(Root, _description.Pointer));
        Assert.Equal([7u], Ids());
        Assert.Equal(3, _description.Pointer->Malformed);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(35u)]
    [InlineData(0x1_0000u)]
    [InlineData(uint.MaxValue)]
    public void ATableOfImpossibleLengthIsIgnored(uint length)
    {
        byte[] madt = Madt(new TableBuilder().U8(0, 8, 0, 7).U32(1));
        BitConverter.TryWriteBytes(madt.AsSpan(4), length);
        PlaceTables(2, madt);
        AcpiTables<FakePhysicalMemory>.Read(Root, _description.Pointer);
        Assert.Empty(Ids());
        Assert.Equal(1, _description.Pointer->Malformed);
    }

    /// <summary>The fake memory throws on an access that a real machine would fault on.</summary>
    [Fact]
    public void RandomDamageNeverLeadsToAFault()
    {
        Random random = Seed.Next(_output);
        byte[] madt = Convert.FromHexString(RecordedTables.MicrovmMadt);
        byte[] dsdt = Convert.FromHexString(RecordedTables.MicrovmDsdt);
        for (int round = 0; round < 500; round++)
        {
            byte[] damagedMadt = Damage(random, madt, 36);
            byte[] damagedDsdt = Damage(random, dsdt, 36);
            byte[] mcfg = Damage(random, TableBuilder.AcpiTable("MCFG", new byte[8 + (16 * 3)]), 36);
            byte[] list = TableBuilder.AcpiTable("XSDT", new TableBuilder().U64(FirstTable).U64(Dsdt).U64(Dsdt + 0x1000).ToArray());
            damagedDsdt[0] = (byte)'S'; // read as an SSDT, directly from the list
            damagedDsdt[1] = (byte)'S';
            TableBuilder.FixChecksum(damagedDsdt, 9, damagedDsdt.Length);
            PlaceTables(2, damagedMadt);
            _machine.Place(List, list);
            _machine.Place(Dsdt, damagedDsdt);
            _machine.Place(Dsdt + 0x1000, mcfg);
            MachineDescription.Clear(_description.Pointer);
            try
            {
                AcpiTables<FakePhysicalMemory>.Read(Root, _description.Pointer);
            }
            catch (InvalidOperationException fault)
            {
                Assert.Fail($"round {round}: {fault.Message}");
            }
        }
    }

    /// <summary>Changes bytes after the header, cuts the end off, and makes length and checksum right again so that the content is read.</summary>
    private static byte[] Damage(Random random, byte[] table, int from)
    {
        byte[] damaged = [.. table];
        for (int i = random.Next(12); i >= 0; i--)
            damaged[random.Next(from, damaged.Length)] = (byte)random.Next(256);
        if (random.Next(3) == 0)
            damaged = damaged[..random.Next(from, damaged.Length)];
        BitConverter.TryWriteBytes(damaged.AsSpan(4), damaged.Length);
        return TableBuilder.FixChecksum(damaged, 9, damaged.Length);
    }

    private void PlaceTables(int revision, byte[] table)
    {
        _machine.Place(FirstTable, table);
        byte[] list = revision == 0
            ? TableBuilder.AcpiTable("RSDT", new TableBuilder().U32((uint)FirstTable).ToArray())
            : TableBuilder.AcpiTable("XSDT", new TableBuilder().U64(FirstTable).ToArray());
        _machine.Place(revision == 0 ? 0x11_0000 : List, list);
        _machine.Place(Root, RootStructure(revision, 0x11_0000));
    }

    private static byte[] RootStructure(int revision, uint rsdt)
    {
        byte[] root = new TableBuilder().Text("RSD PTR ").U8(0).Text("TROUPE").U8(revision).U32(rsdt)
            .U32(36).U64(List).U8(0, 0, 0, 0).ToArray();
        TableBuilder.FixChecksum(root, 8, 20);
        return TableBuilder.FixChecksum(root, 32, 36);
    }

    private static byte[] Madt(TableBuilder entries) =>
        TableBuilder.AcpiTable("APIC", new TableBuilder().U32(0xFEE0_0000).U32(0).Bytes(entries.ToArray()).ToArray());

    private uint[] Ids()
    {
        var ids = new uint[_description.Pointer->ProcessorCount];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = MachineDescription.Processor(_description.Pointer, i)->ApicId;
        return ids;
    }
}
