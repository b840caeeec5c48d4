using System.Text;
using Troupe.Core.Machine;
using Troupe.Core.Tests.Memory;
using Xunit.Abstractions;

namespace Troupe.Core.Tests;

public sealed unsafe class VirtioMmioCommandLineTests(ITestOutputHelper output) : IDisposable
{
    private const ulong At = 0x8000;

    private readonly ITestOutputHelper _output = output;
    private readonly FakeMachine _machine = FakeMachine.Install();
    private readonly DescriptionBuffer _description = new();

    public void Dispose() => _description.Dispose();

    [Theory]
    [InlineData("virtio_mmio.device=512@0xfeb00000:5", 512ul, 0xFEB0_0000ul, 5u, -1)]
    [InlineData("quiet virtio_mmio.device=4K@0xd0000000:5:3 ip=dhcp", 4096ul, 0xD000_0000ul, 5u, 3)]
    [InlineData("  virtio_mmio.device=0x200@3G:0x10  ", 512ul, 0xC000_0000ul, 16u, -1)]
    [InlineData("virtio_mmio.device=01000@0XFEB00E00:12", 512ul, 0xFEB0_0E00ul, 12u, -1)]
    [InlineData("virtio_mmio.device=1m@256M:0", 0x10_0000ul, 0x1000_0000ul, 0u, -1)]
    public void AWordAnnouncesAWindow(string line, ulong length, ulong address, uint interrupt, int id)
    {
        Assert.Equal(0, Parse(line));
        Assert.Equal(1, _description.Pointer->VirtioWindowCount);
        VirtioMmioWindow* window = MachineDescription.VirtioWindow(_description.Pointer, 0);
        Assert.Equal((address, length, interrupt, id), (window->Address, window->Length, window->Interrupt, window->Id));
        Assert.Equal((InterruptPolarity.ActiveHigh, InterruptTrigger.Edge), (window->Polarity, window->Trigger));
    }

    [Theory]
    [InlineData("virtio_mmio.device=")]
    [InlineData("virtio_mmio.device=512")]
    [InlineData("virtio_mmio.device=512@")]
    [InlineData("virtio_mmio.device=512@0xfeb00000")]
    [InlineData("virtio_mmio.device=512@0xfeb00000:")]
    [InlineData("virtio_mmio.device=512@0xfeb00000:5:")]
    [InlineData("virtio_mmio.device=512@0xfeb00000:5:4294967296")]
    [InlineData("virtio_mmio.device=512@0xfeb00000:5x")]
    [InlineData("virtio_mmio.device=512@0xfeb00000:5K")]
    [InlineData("virtio_mmio.device=512@0x:5")]
    [InlineData("virtio_mmio.device=512@0:5")]
    [InlineData("virtio_mmio.device=512@0xfeb00001:5")]
    [InlineData("virtio_mmio.device=0@0xfeb00000:5")]
    [InlineData("virtio_mmio.device=-512@0xfeb00000:5")]
    [InlineData("virtio_mmio.device=99999999999999999999@0xfeb00000:5")]
    [InlineData("virtio_mmio.device=18014398509481984K@0xfeb00000:5")]
    [InlineData("virtio_mmio.device=4K@0xfffffffffffffff0:5")]
    [InlineData("virtio_mmio.device=512@0xfeb00000:4294967296")]
    [InlineData("virtio_mmio.device=089@0xfeb00000:5")]
    public void AMalformedWordIsReportedAndLeftOut(string line)
    {
        Assert.Equal(1, Parse(line + " virtio_mmio.device=512@0xfeb00200:6"));
        Assert.Equal(1, _description.Pointer->VirtioWindowCount);
        Assert.Equal(0xFEB0_0200ul, MachineDescription.VirtioWindow(_description.Pointer, 0)->Address);
    }

    [Theory]
    [InlineData("")]
    [InlineData("virtio_mmio.devices=512@0xfeb00000:5")]
    [InlineData("xvirtio_mmio.device=512@0xfeb00000:5")]
    [InlineData("virtio_mmio.devic")]
    public void OtherWordsAreNobodysBusinessHere(string line)
    {
        Assert.Equal(0, Parse(line));
        Assert.Equal(0, _description.Pointer->VirtioWindowCount);
    }

    [Fact]
    public void AnInterruptIsResolvedByTheOverrides()
    {
        InterruptOverride* entry = MachineDescription.AddOverride(_description.Pointer);
        entry->Source = 5;
        entry->GlobalInterrupt = 21;
        entry->Trigger = InterruptTrigger.Level;
        entry->Polarity = InterruptPolarity.ActiveLow;
        Parse("virtio_mmio.device=512@0xfeb00000:5");
        VirtioMmioWindow* window = MachineDescription.VirtioWindow(_description.Pointer, 0);
        Assert.Equal((21u, InterruptPolarity.ActiveLow, InterruptTrigger.Level), (window->Interrupt, window->Polarity, window->Trigger));
    }

    [Fact]
    public void MoreWindowsThanFitAreCounted()
    {
        var line = new StringBuilder();
        for (int i = 0; i < 40; i++)
            line.Append($"virtio_mmio.device=512@0x{0xFEB0_0000 + (i * 512):x}:{i} ");
        Assert.Equal(0, Parse(line.ToString()));
        Assert.Equal(32, _description.Pointer->VirtioWindowCount);
        Assert.Equal(8, _description.Pointer->Overflowed);
    }

    [Fact]
    public void ALineWithoutEndStopsWhereMemoryDoes()
    {
        _machine.Place(At, "virtio_mmio.device=512@0xfeb00000:5"u8.ToArray());
        Assert.Equal(0, VirtioMmioCommandLine<FakePhysicalMemory>.Parse(At, _description.Pointer));
        Assert.Equal(1, _description.Pointer->VirtioWindowCount);
    }

    [Fact]
    public void RandomLinesNeverLeadToAFault()
    {
        Random random = Seed.Next(_output);
        const string Alphabet = "virtio_mmio.device=0123456789xabfKMG@: \t=";
        for (int round = 0; round < 500; round++)
        {
            var line = new StringBuilder();
            for (int i = random.Next(80); i >= 0; i--)
                line.Append(random.Next(8) == 0 ? " virtio_mmio.device=512@0x" : Alphabet[random.Next(Alphabet.Length)].ToString());
            try
            {
                Parse(line.ToString());
            }
            catch (InvalidOperationException fault)
            {
                Assert.Fail($"round {round}: {fault.Message}: {line}");
            }
        }
    }

    private int Parse(string line)
    {
        _machine.Place(At, [.. Encoding.ASCII.GetBytes(line), 0]);
        return VirtioMmioCommandLine<FakePhysicalMemory>.Parse(At, _description.Pointer);
    }
}
