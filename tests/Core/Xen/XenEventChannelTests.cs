using System.Runtime.InteropServices;
using Troupe.Core.Machine.Xen;
using Channels = Troupe.Core.Machine.Xen.XenEventChannels<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Tests.Xen.FakeHypercalls>;

namespace Troupe.Core.Tests.Xen;

/// <summary>The two-level interface of event channels, with the test as the hypervisor.</summary>
public sealed unsafe class XenEventChannelTests : IDisposable
{
    private const int PageBytes = 4096;

    private readonly void* _memory = NativeMemory.AlignedAlloc(2 * PageBytes, PageBytes);

    public XenEventChannelTests()
    {
        NativeMemory.Clear(_memory, 2 * PageBytes);
        Channels.MaskAll(SharedInfo);
    }

    private ulong SharedInfo => (ulong)_memory;

    private ulong ProcessorInfo => SharedInfo + PageBytes;

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    [Fact]
    public void EachEventOfAnUnmaskedChannelIsTakenOnce()
    {
        Unmask(3);
        Unmask(64);
        Unmask(4095);
        Raise(3);
        Raise(3);
        Raise(64);
        Raise(4095);
        Assert.Equal([3u, 64u, 4095u], TakeAll());
        Assert.Empty(TakeAll());
    }

    [Fact]
    public void AMaskedChannelKeepsItsEvent()
    {
        Unmask(5);
        Raise(5);
        Raise(6);
        Assert.Equal([5u], TakeAll());
        Assert.NotEqual(0, XenSharedInfo.Pending(SharedInfo, 0) & (1 << 6));
    }

    [Fact]
    public void AChannelThatIsMaskedAgainIsNotTaken()
    {
        Unmask(70);
        Raise(70);
        Channels.Mask(SharedInfo, 70);
        Channels.Mask(SharedInfo, 70);
        Assert.Empty(TakeAll());
    }

    [Fact]
    public void TheUpcallFlagIsClearedBeforeTheSelectorIsRead()
    {
        Unmask(1);
        Raise(1);
        Channels.TakeSelector(ProcessorInfo);
        Assert.Equal(0, XenProcessorInfo.UpcallPending(ProcessorInfo));
        Assert.Equal(0, XenProcessorInfo.Selector(ProcessorInfo));
    }

    [Fact]
    public void AChannelForAnotherDomainIsAskedForByThatDomainsNumber()
    {
        FakeHypercalls.Install((number, operation, argument, _) =>
        {
            Assert.Equal((32ul, 6ul), (number, operation));
            Assert.Equal(0x7FF0, *(ushort*)argument);
            Assert.Equal(9, *(ushort*)(argument + 2));
            *(uint*)(argument + 4) = 17;
            return 0;
        });
        Assert.Equal(17, Channels.Allocate(9));
    }

    [Fact]
    public void ARefusalIsXensError()
    {
        FakeHypercalls.Install((_, _, _, _) => -28);
        Assert.Equal(-28, Channels.Allocate(0));
        Assert.Equal(-28, Channels.Send(4));
    }

    // What Xen does (xen/common/event_2l.c): pending, then the selector, then the flag; a masked channel only gets the first.
    private void Raise(uint port)
    {
        var word = (int)(port / 64);
        var bit = 1L << (int)(port % 64);
        ref long pending = ref XenSharedInfo.Pending(SharedInfo, word);
        var wasPending = (pending & bit) != 0;
        pending |= bit;
        if (!wasPending && (XenSharedInfo.Mask(SharedInfo, word) & bit) == 0)
        {
            XenProcessorInfo.Selector(ProcessorInfo) |= 1L << word;
            XenProcessorInfo.UpcallPending(ProcessorInfo) = 1;
        }
    }

    private void Unmask(uint port) => XenSharedInfo.Mask(SharedInfo, (int)(port / 64)) &= ~(1L << (int)(port % 64));

    private List<uint> TakeAll()
    {
        List<uint> ports = [];
        var selector = Channels.TakeSelector(ProcessorInfo);
        while (selector != 0)
        {
            var events = Channels.Take(SharedInfo, ref selector, out var port);
            for (; events != 0; events >>= 1, port++)
            {
                if ((events & 1) != 0)
                {
                    ports.Add(port);
                }
            }
        }

        return ports;
    }
}
