using Troupe.Core.Machine;
using Mmio = Troupe.Core.Machine.PolledMmioTransport<Troupe.Core.Tests.FakePhysicalMemory>;
using Pci = Troupe.Core.Machine.PolledPciTransport<Troupe.Core.Tests.FakePorts>;

namespace Troupe.Core.Tests;

/// <summary>The seed from a virtio entropy device, asked before there is a driver: what it delivers, and everything it can do wrong.</summary>
public sealed unsafe class PolledEntropyDeviceTests
{
    private const int Wanted = 64;

    private readonly FakeMachine _machine = FakeMachine.Install();
    private readonly FakeEntropyDevice _device;

    public PolledEntropyDeviceTests()
    {
        _device = new FakeEntropyDevice(_machine);
        SteppingProcessors.Start();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ItDelivers(bool pci)
    {
        byte[] seed = Request(pci, out bool isQuiet);

        Assert.Equal(Enumerable.Range(0, Wanted).Select(FakeEntropyDevice.Expected), seed);
        Assert.True(isQuiet);
        Assert.Equal((0, 2), (_device.Status, _device.Resets));
        Assert.Equal(0x0010_0003u, _device.Command);
        Assert.Equal(-1, _device.Buffer.IndexOfAnyExcept((byte)0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ADeviceThatDeliversPiecesIsAskedForTheRest(bool pci)
    {
        _device.Answer = asked => (Math.Min(asked, 20), Math.Min(asked, 20));
        Assert.Equal(Enumerable.Range(0, Wanted).Select(FakeEntropyDevice.Expected), Request(pci, out bool isQuiet));
        Assert.True(isQuiet);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ADeviceThatNeverAnswersIsGivenUpAndReset(bool pci)
    {
        _device.Answer = _ => null;
        Assert.Empty(Request(pci, out bool isQuiet));
        Assert.True(isQuiet);
        Assert.Equal((0, 2), (_device.Status, _device.Resets));
        Assert.InRange(SteppingProcessors.Now, 500_000_000, 700_000_000);
    }

    [Theory]
    [InlineData(false, 0u)]
    [InlineData(false, 65u)]
    [InlineData(true, uint.MaxValue)]
    public void ALengthThatMakesNoSenseIsNotBelieved(bool pci, uint said)
    {
        _device.Answer = _ => (8, said);
        Assert.Empty(Request(pci, out bool isQuiet));
        Assert.True(isQuiet);
    }

    [Fact]
    public void ADescriptorThatWasNeverGivenIsNotBelieved()
    {
        _device.UsedDescriptor = 7;
        Assert.Empty(Request(pci: true, out _));
    }

    /// <summary>The frame must not be used again: the caller is told.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ADeviceThatDoesNotConfirmItsResetKeepsTheFrame(bool pci)
    {
        _device.RefusesReset = true;
        Request(pci, out bool isQuiet);
        Assert.False(isQuiet);
    }

    [Fact]
    public void ADeviceThatRefusesTheFeaturesIsLeftAlone()
    {
        _device.RefusesFeatures = true;
        Assert.Empty(Request(pci: false, out bool isQuiet));
        Assert.True(isQuiet);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ADeviceWithoutTheQueueIsLeftAlone(bool pci)
    {
        _device.HasQueue = false;
        Assert.Empty(Request(pci, out bool isQuiet));
        Assert.True(isQuiet);
    }

    [Fact]
    public void ADeviceBehindABridgeIsFound()
    {
        _device.Bus = 3;
        Assert.Equal(Wanted, Request(pci: true, out _).Length);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void AFunctionWithoutTheModernInterfaceIsPassedOver(bool legacy, bool access)
    {
        _device.IsLegacy = legacy;
        _device.HasAccessCapability = access;
        _device.BehindPci();
        Pci transport = default;
        Assert.False(Pci.TryFindEntropyDevice(ref transport));
    }

    [Fact]
    public void WhereThereIsNoPciNothingIsFound()
    {
        Pci transport = default;
        Assert.False(Pci.TryFindEntropyDevice(ref transport));
    }

    [Theory]
    [InlineData(true, 4u)]
    [InlineData(false, 1u)]
    public void AWindowWithoutAModernDeviceOfTheTypeIsPassedOver(bool legacy, uint type)
    {
        _device.IsLegacy = legacy;
        _device.BehindMmio();
        Mmio transport = default;
        Assert.False(Mmio.TryOpen(FakeEntropyDevice.Window, type, ref transport));
    }

    private byte[] Request(bool pci, out bool isQuiet)
    {
        byte[] seed = new byte[Wanted];
        int delivered;
        fixed (byte* first = seed)
        {
            if (pci)
            {
                _device.BehindPci();
                Pci transport = default;
                Assert.True(Pci.TryFindEntropyDevice(ref transport));
                transport.Open();
                delivered = PolledEntropyDevice<Pci, FakePhysicalMemory, SteppingProcessors>.Request(
                    ref transport, FakeEntropyDevice.Frame, first, Wanted, out isQuiet);
                transport.Close();
            }
            else
            {
                _device.BehindMmio();
                Mmio transport = default;
                Assert.True(Mmio.TryOpen(FakeEntropyDevice.Window, 4, ref transport));
                delivered = PolledEntropyDevice<Mmio, FakePhysicalMemory, SteppingProcessors>.Request(
                    ref transport, FakeEntropyDevice.Frame, first, Wanted, out isQuiet);
            }
        }

        return seed[..delivered];
    }

    /// <summary>One processor on which a turn of a spin loop takes a millisecond.</summary>
    private readonly struct SteppingProcessors : IProcessors
    {
        [ThreadStatic]
        private static long _now;

        public static int Current => 0;

        public static int Count => 1;

        public static long Now => _now;

        public static void Start() => _now = 0;

        public static void Pause() => _now += 1_000_000;

        public static void Interrupt(int processor, ProcessorInterrupt reason) => throw new NotSupportedException();
    }
}
