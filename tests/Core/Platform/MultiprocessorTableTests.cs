using Troupe.Core.Machine;
using Troupe.Core.Tests.Memory;
using Xunit.Abstractions;

namespace Troupe.Core.Tests;

public sealed unsafe class MultiprocessorTableTests(ITestOutputHelper output) : IDisposable
{
    private readonly ITestOutputHelper _output = output;
    private readonly FakeMachine _machine = FakeMachine.Install();
    private readonly DescriptionBuffer _description = new();

    public void Dispose() => _description.Dispose();

    [Fact]
    public void TheRecordedTableIsFoundWhereQbootPutsIt()
    {
        PlaceRecorded(Convert.FromHexString(RecordedTables.MicrovmMultiprocessorTable));

        Assert.True(MultiprocessorTable<FakePhysicalMemory>.Read(_description.Pointer));

        MachineDescription* found = _description.Pointer;
        Assert.Equal(TopologySource.MultiprocessorTable, found->TopologySource);
        Assert.Equal(2, found->ProcessorCount);
        Assert.Equal(1u, MachineDescription.Processor(found, 1)->ApicId);
        Assert.Equal(1, found->IoApicCount);
        Assert.Equal(0xFEC0_0000ul, MachineDescription.IoApic(found, 0)->Address);
        Assert.Equal(1u, found->NonMaskableInput);
        Assert.Equal(0, found->Malformed);
        Assert.Equal(1, found->OverrideCount); // the timer's: everything else is where ISA has it
        InterruptOverride route;
        MachineDescription.ResolveIsaInterrupt(found, 0, &route);
        Assert.Equal(2u, route.GlobalInterrupt);
    }

    [Fact]
    public void ProcessorsThatAreNotEnabledAreNeitherStartedNorCounted()
    {
        PlaceRecorded(Table(2, new TableBuilder().U8(0, 4, 0x14, 3).Zeroes(16).U8(0, 6, 0x14, 0).Zeroes(16)));
        Assert.True(MultiprocessorTable<FakePhysicalMemory>.Read(_description.Pointer));
        Assert.Equal(1, _description.Pointer->ProcessorCount);
        Assert.Equal(1, _description.Pointer->DisabledProcessors);
    }

    [Fact]
    public void ASecondControllersInterruptsFollowTheFirsts()
    {
        PlaceRecorded(Table(5, new TableBuilder()
            .U8(0, 0, 0x14, 3).Zeroes(16)
            .U8(1, 7).Text("ISA   ")
            .U8(2, 3, 0x11, 1).U32(0xFEC0_0000)
            .U8(2, 9, 0x11, 1).U32(0xFEC1_0000)
            .U8(3, 0).U16(0b1111).U8(7, 10, 9, 4)));
        Assert.True(MultiprocessorTable<FakePhysicalMemory>.Read(_description.Pointer));
        InterruptOverride route;
        MachineDescription.ResolveIsaInterrupt(_description.Pointer, 10, &route);
        Assert.Equal((28u, InterruptPolarity.ActiveLow, InterruptTrigger.Level), (route.GlobalInterrupt, route.Polarity, route.Trigger));
    }

    [Fact]
    public void AWrongChecksumIsRefused()
    {
        byte[] table = Convert.FromHexString(RecordedTables.MicrovmMultiprocessorTable);
        table[50] ^= 1;
        PlaceRecorded(table);
        Assert.False(MultiprocessorTable<FakePhysicalMemory>.Read(_description.Pointer));
        Assert.Equal(1, _description.Pointer->Malformed);
        Assert.Equal(0, _description.Pointer->ProcessorCount);
    }

    [Fact]
    public void AnEntryThatReachesBeyondTheTableIsNotFollowed()
    {
        PlaceRecorded(Table(1000, new TableBuilder().U8(0, 4, 0x14, 3).Zeroes(16).U8(0, 5, 0x14, 3)));
        Assert.True(MultiprocessorTable<FakePhysicalMemory>.Read(_description.Pointer));
        Assert.Equal(1, _description.Pointer->ProcessorCount);
        Assert.Equal(1, _description.Pointer->Malformed);
    }

    [Fact]
    public void WithoutATableNothingIsFound() => Assert.False(MultiprocessorTable<FakePhysicalMemory>.Read(_description.Pointer));

    /// <summary>The fake memory throws on an access that a real machine would fault on.</summary>
    [Fact]
    public void RandomDamageNeverLeadsToAFault()
    {
        Random random = Seed.Next(_output);
        byte[] recorded = Convert.FromHexString(RecordedTables.MicrovmMultiprocessorTable);
        for (int round = 0; round < 500; round++)
        {
            byte[] table = [.. recorded];
            for (int i = random.Next(12); i >= 0; i--)
                table[random.Next(8, table.Length)] = (byte)random.Next(256);
            int length = random.Next(2) == 0 ? table.Length : random.Next(44, table.Length);
            BitConverter.TryWriteBytes(table.AsSpan(4), (ushort)length);
            PlaceRecorded(TableBuilder.FixChecksum(table, 7, length)[..length]);
            MachineDescription.Clear(_description.Pointer);
            try
            {
                MultiprocessorTable<FakePhysicalMemory>.Read(_description.Pointer);
            }
            catch (InvalidOperationException fault)
            {
                Assert.Fail($"round {round}: {fault.Message}");
            }
        }
    }

    private void PlaceRecorded(byte[] table)
    {
        _machine.Place(RecordedTables.MicrovmMultiprocessorTableAt - 16, Convert.FromHexString(RecordedTables.MicrovmMultiprocessorPointer));
        _machine.Place(RecordedTables.MicrovmMultiprocessorTableAt, table);
    }

    private static byte[] Table(int count, TableBuilder entries)
    {
        byte[] table = new TableBuilder().Text("PCMP").U16(44 + entries.Length).U8(4, 0).Zeroes(20).Zeroes(6)
            .U16(count).U32(0xFEE0_0000).Zeroes(4).Bytes(entries.ToArray()).ToArray();
        return TableBuilder.FixChecksum(table, 7, table.Length);
    }
}
