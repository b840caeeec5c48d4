using Troupe.Core.Machine;

namespace Troupe.Core.Tests;

public sealed unsafe class MachineDescriptionTests : IDisposable
{
    private readonly DescriptionBuffer _description = new();

    public void Dispose() => _description.Dispose();

    [Fact]
    public void AProcessorListedTwiceIsOne()
    {
        MachineDescription.AddProcessor(_description.Pointer, 4, 0);
        MachineDescription.AddProcessor(_description.Pointer, 4, 1);
        Assert.Equal(1, _description.Pointer->ProcessorCount);
    }

    [Fact]
    public void TheBootstrapProcessorComesFirstAndTheOthersKeepTheirOrder()
    {
        for (uint id = 0; id < 4; id++)
            MachineDescription.AddProcessor(_description.Pointer, id * 2, id);

        MachineDescription.PlaceBootstrapProcessorFirst(_description.Pointer, 4);

        Assert.Equal([4u, 0u, 2u, 6u], Ids());
    }

    [Fact]
    public void ABootstrapProcessorThatFirmwareForgotIsAdded()
    {
        MachineDescription.AddProcessor(_description.Pointer, 1, 0);
        MachineDescription.PlaceBootstrapProcessorFirst(_description.Pointer, 9);
        Assert.Equal([9u, 1u], Ids());
    }

    [Fact]
    public void ProcessorsBeyondTheLimitAreCountedAndTheBootstrapProcessorStillFits()
    {
        for (uint id = 0; id < 70; id++)
            MachineDescription.AddProcessor(_description.Pointer, id, id);
        Assert.Equal(64, _description.Pointer->ProcessorCount);
        Assert.Equal(6, _description.Pointer->Overflowed);

        MachineDescription.PlaceBootstrapProcessorFirst(_description.Pointer, 69);
        Assert.Equal(64, _description.Pointer->ProcessorCount);
        Assert.Equal(69u, Ids()[0]);
    }

    [Fact]
    public void AnIsaInterruptWithoutOverrideIsARisingEdgeAtItsOwnPin()
    {
        InterruptOverride route;
        MachineDescription.ResolveIsaInterrupt(_description.Pointer, 4, &route);
        Assert.Equal(4u, route.GlobalInterrupt);
        Assert.Equal(InterruptTrigger.Edge, route.Trigger);
        Assert.Equal(InterruptPolarity.ActiveHigh, route.Polarity);
    }

    [Fact]
    public void AWindowAnnouncedTwiceIsOne()
    {
        Assert.True(MachineDescription.AddVirtioWindow(_description.Pointer, 0xFEB0_0000) != null);
        Assert.True(MachineDescription.AddVirtioWindow(_description.Pointer, 0xFEB0_0000) == null);
        Assert.Equal(1, _description.Pointer->VirtioWindowCount);
        Assert.Equal(0, _description.Pointer->Overflowed);
    }

    private uint[] Ids()
    {
        var ids = new uint[_description.Pointer->ProcessorCount];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = MachineDescription.Processor(_description.Pointer, i)->ApicId;
        return ids;
    }
}
