// xen/include/public/event_channel.h. A processor takes its own events in its interrupt; any thread opens and closes channels.
using Troupe.Core.Machine;
using Troupe.Core.Machine.Xen;
using Troupe.Core.Memory;
using Troupe.Smp.Kernel.Processors;
using Troupe.Smp.Kernel.SystemCalls;

namespace Troupe.Smp.Kernel.Xen;

/// <summary>
/// Event channels on their way to messages: a channel that a driver opened has a vector, which stands for a bit of its processor's worker
/// block as an interrupt's does (<see cref="DeviceInterrupts"/>). No interrupt of that vector ever comes.
/// </summary>
/// <remarks>A channel's vector is written before the channel is unmasked and taken back after it is masked; an event that was taken in between
/// finds none and is dropped. One that had found its vector a moment before comes to whoever has the vector next, as an interrupt without a cause, which drivers bear.</remarks>
internal static unsafe class XenEvents
{
    private unsafe struct VectorTable
    {
        internal fixed int Items[XenSharedInfo.Channels];
    }

    private static VectorTable _vectors;

    /// <summary>This processor has been told that there are events.</summary>
    internal static void Take(PerProcessor* processor)
    {
        if (!XenGuest.IsRunning)
        {
            return;
        }

        ulong selector = XenChannels.TakeSelector(XenGuest.ProcessorInfo(processor->Index));
        while (selector != 0)
        {
            ulong events = XenChannels.Take(XenGuest.SharedInfo, ref selector, out uint port);
            for (; events != 0; events >>= 1, port++)
            {
                int vector = (events & 1) == 0 ? 0 : ProcessorMemory.LoadAcquire(ref _vectors.Items[port]);
                if (vector != 0)
                {
                    DeviceInterrupts.Post((byte)vector);
                }
            }
        }
    }

    /// <summary>Gives a channel a vector, masked: one for <paramref name="remoteDomain"/> to bind to, or the toolstack's for xenstore.</summary>
    /// <returns>The vector, and the port above bit 32; or an error.</returns>
    internal static long Open(ulong kind, ulong remoteDomain, ulong processor)
    {
        if (!XenGuest.IsRunning || processor >= (ulong)KernelProcessors.Count || remoteDomain > ushort.MaxValue || kind > HostCall.ChannelOfStore)
        {
            return Errno.InvalidArgument;
        }

        int vector = InterruptVectors.Allocate();
        if (vector < 0)
        {
            return Errno.NoMemory;
        }

        bool isStore = kind == HostCall.ChannelOfStore;
        long port = isStore ? XenGuest.StorePort : XenChannels.Allocate((ushort)remoteDomain);
        if (port is <= 0 or >= XenSharedInfo.Channels || XenChannels.Bind((uint)port, XenGuest.IdentifierOf((int)processor)) != 0)
        {
            InterruptVectors.Free(vector);
            return Errno.InvalidArgument;
        }

        DeviceInterrupts.Adopt(vector, (int)processor);
        ProcessorMemory.StoreRelease(ref _vectors.Items[port], vector);
        return (uint)vector | (port << 32);
    }

    /// <summary>Lets a channel that was opened interrupt.</summary>
    internal static long Unmask(ulong port) => IsOpen(port) && XenChannels.Unmask((uint)port) == 0 ? 0 : Errno.InvalidArgument;

    /// <summary>Tells the other end of a channel that was opened.</summary>
    internal static long Send(ulong port) => IsOpen(port) && XenChannels.Send((uint)port) == 0 ? 0 : Errno.InvalidArgument;

    /// <summary>Takes a channel's vector back; a channel of our own making is closed.</summary>
    internal static long Close(ulong port)
    {
        if (!IsOpen(port))
        {
            return Errno.InvalidArgument;
        }

        XenChannels.Mask(XenGuest.SharedInfo, (uint)port);
        int vector = ProcessorMemory.Exchange(ref _vectors.Items[port], 0);
        if (vector == 0)
        {
            return Errno.InvalidArgument;
        }

        if (port != XenGuest.StorePort)
        {
            XenChannels.Close((uint)port);
        }

        return DeviceInterrupts.Close((ulong)vector);
    }

    private static bool IsOpen(ulong port) => port < XenSharedInfo.Channels && ProcessorMemory.LoadAcquire(ref _vectors.Items[port]) != 0;
}
