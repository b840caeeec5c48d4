// xen/include/public/event_channel.h, the two-level interface.
using System.Runtime.InteropServices;
using Troupe.Core.Memory;

namespace Troupe.Core.Machine.Xen;

/// <summary>
/// Event channels: Xen's interrupts. A channel is masked until it is opened here; from then on each event, merged with those before it,
/// is told once to the processor it is bound to.
/// </summary>
/// <remarks>
/// Xen sets the channel's pending bit, then the word's bit in the processor's selector, then the processor's upcall flag, and interrupts.
/// <see cref="Take"/> goes the other way round, each step by an exchange: flag, selector, pending bit. So a bit that is set after it was read is
/// followed by another interrupt.
/// </remarks>
/// <typeparam name="TMemory">The memory seam.</typeparam>
/// <typeparam name="THypercalls">The seam to the calls.</typeparam>
public static unsafe class XenEventChannels<TMemory, THypercalls>
    where TMemory : struct, IMemory
    where THypercalls : struct, IHypercalls
{
    private const ulong EventChannelOperation = 32;
    private const ulong CloseChannel = 3, SendEvent = 4, AllocateUnbound = 6, BindProcessor = 8, UnmaskChannel = 9;

    [StructLayout(LayoutKind.Sequential)]
    private struct UnboundChannel
    {
        internal ushort Domain, RemoteDomain;
        internal uint Port;
    }

    /// <summary>Masks every channel. Call once, when the page is mapped.</summary>
    public static void MaskAll(ulong sharedInfo)
    {
        for (int word = 0; word < XenSharedInfo.Words; word++)
            TMemory.Exchange(ref XenSharedInfo.Mask(sharedInfo, word), -1);
    }

    /// <summary>Makes a channel that a domain may bind itself to.</summary>
    /// <returns>Its port, or Xen's error.</returns>
    public static long Allocate(ushort remoteDomain)
    {
        UnboundChannel channel = default;
        channel.Domain = XenDomain<THypercalls>.Self;
        channel.RemoteDomain = remoteDomain;
        long result = THypercalls.Call(EventChannelOperation, AllocateUnbound, (ulong)&channel, 0);
        return result != 0 ? result : channel.Port;
    }

    /// <summary>Says which processor hears of a channel.</summary>
    /// <returns>0, or Xen's error.</returns>
    public static long Bind(uint port, uint processorId)
    {
        ulong argument = port | ((ulong)processorId << 32);
        return THypercalls.Call(EventChannelOperation, BindProcessor, (ulong)&argument, 0);
    }

    /// <summary>Lets a channel interrupt; if an event came meanwhile, at once.</summary>
    /// <returns>0, or Xen's error.</returns>
    public static long Unmask(uint port) => One(UnmaskChannel, port);

    /// <summary>Keeps a channel from interrupting. Events are remembered.</summary>
    public static void Mask(ulong sharedInfo, uint port)
    {
        ref long word = ref XenSharedInfo.Mask(sharedInfo, (int)(port / 64));
        long bit = 1L << (int)(port % 64);
        for (long seen = TMemory.LoadAcquire(ref word); (seen & bit) == 0;)
        {
            long found = TMemory.CompareExchange(ref word, seen | bit, seen);
            if (found == seen)
                return;
            seen = found;
        }
    }

    /// <summary>Tells the other end.</summary>
    /// <returns>0, or Xen's error.</returns>
    public static long Send(uint port) => One(SendEvent, port);

    /// <summary>Gives a channel back.</summary>
    /// <returns>0, or Xen's error.</returns>
    public static long Close(uint port) => One(CloseChannel, port);

    /// <summary>Takes the channels that have events for this processor, a word of them at a time.</summary>
    /// <param name="sharedInfo">The shared page.</param>
    /// <param name="selector">What <see cref="TakeSelector"/> gave; the word taken is removed from it.</param>
    /// <param name="firstPort">The port of bit 0.</param>
    /// <returns>A bit for each channel; they are no longer pending.</returns>
    public static ulong Take(ulong sharedInfo, ref ulong selector, out uint firstPort)
    {
        int word = LowestBit(selector);
        selector &= selector - 1;
        firstPort = (uint)word * 64;
        ref long pending = ref XenSharedInfo.Pending(sharedInfo, word);
        long unmasked = ~TMemory.LoadAcquire(ref XenSharedInfo.Mask(sharedInfo, word));
        for (long seen = TMemory.LoadAcquire(ref pending); (seen & unmasked) != 0;)
        {
            long found = TMemory.CompareExchange(ref pending, seen & ~unmasked, seen);
            if (found == seen)
                return (ulong)(seen & unmasked);
            seen = found;
        }

        return 0;
    }

    /// <summary>Acknowledges the interrupt: which words have something.</summary>
    public static ulong TakeSelector(ulong processorInfo)
    {
        // Before the exchange, which is a full fence.
        XenProcessorInfo.UpcallPending(processorInfo) = 0;
        return (ulong)TMemory.Exchange(ref XenProcessorInfo.Selector(processorInfo), 0);
    }

    private static long One(ulong operation, uint port)
    {
        uint argument = port;
        return THypercalls.Call(EventChannelOperation, operation, (ulong)&argument, 0);
    }

    private static int LowestBit(ulong bits)
    {
        int index = 0;
        while ((bits & 1) == 0)
        {
            bits >>= 1;
            index++;
        }

        return index;
    }
}
