// VIRTIO 1.2, section 5.4: entropy device; 3.1.1: device initialisation; 2.7: split virtqueues.
namespace Troupe.Core.Machine;

/// <summary>
/// One request to a virtio entropy device, polled with a time limit: the seed of a machine whose processor has no random instruction, at a time
/// when there is no driver yet. The device is reset before and after, so that its driver finds it fresh.
/// </summary>
/// <typeparam name="TTransport">How the device is reached.</typeparam>
/// <typeparam name="TPhysical">The seam to memory, for processor and device alike.</typeparam>
/// <typeparam name="TProcessors">The seam to time.</typeparam>
public static unsafe class PolledEntropyDevice<TTransport, TPhysical, TProcessors>
    where TTransport : struct, IPolledTransport
    where TPhysical : struct, IPhysicalMemory
    where TProcessors : struct, IProcessors
{
    /// <summary>The device's number (5.4.1).</summary>
    public const uint DeviceType = 4;

    /// <summary>The most bytes of a request: the rest of the frame is the ring.</summary>
    public const int MaximumBytes = 512;

    /// <summary>Nanoseconds that the device has to deliver: QEMU takes less than one millisecond, a host that rations may take long.</summary>
    public const long DeliveryLimit = 500_000_000;

    /// <summary>Nanoseconds that a reset may take.</summary>
    public const long ResetLimit = 100_000_000;

    // Section 2.1.
    private const byte Acknowledge = 1, Driver = 2, DriverOk = 4, FeaturesOk = 8, Failed = 128;

    // VIRTIO_F_VERSION_1 is feature bit 32.
    private const uint Version1 = 1;

    // Where things are in the frame: descriptor table (16-byte aligned), available ring (2), used ring (4), the buffer.
    private const ulong AvailableOffset = 64, UsedOffset = 128, BufferOffset = 512, RingBytes = 512;

    // Descriptor flag "device writes"; available flag "no interrupt".
    private const uint DeviceWrites = 2, NoInterrupt = 1;

    /// <summary>Asks for bytes.</summary>
    /// <param name="transport">The device.</param>
    /// <param name="frame">Physical address of a frame for ring and buffer.</param>
    /// <param name="destination">Where the bytes go.</param>
    /// <param name="bytes">How many, at most <see cref="MaximumBytes"/>.</param>
    /// <param name="isQuiet">Whether the device has confirmed its reset: if not, it may still write to the frame, which must then never be used again.</param>
    /// <returns>Bytes delivered: fewer than asked for where the device is slow, none where it breaks the rules.</returns>
    public static int Request(ref TTransport transport, ulong frame, byte* destination, int bytes, out bool isQuiet)
    {
        int delivered = 0;
        if (Reset(ref transport))
        {
            delivered = Start(ref transport, frame) ? Collect(ref transport, frame, destination, bytes < MaximumBytes ? bytes : MaximumBytes) : 0;
        }

        isQuiet = Reset(ref transport);
        return delivered;
    }

    private static bool Reset(ref TTransport transport)
    {
        transport.WriteStatus(0);
        long until = TProcessors.Now + ResetLimit;
        while (transport.ReadStatus() != 0)
        {
            if (TProcessors.Now > until)
                return false;
            TProcessors.Pause();
        }

        return true;
    }

    private static bool Start(ref TTransport transport, ulong frame)
    {
        transport.WriteStatus(Acknowledge);
        transport.WriteStatus(Acknowledge | Driver);
        if ((transport.ReadDeviceFeatures(1) & Version1) == 0)
            return Fail(ref transport);
        transport.WriteDriverFeatures(0, 0);
        transport.WriteDriverFeatures(1, Version1);
        transport.WriteStatus(Acknowledge | Driver | FeaturesOk);
        if ((transport.ReadStatus() & FeaturesOk) == 0)
            return Fail(ref transport);

        for (ulong offset = 0; offset < RingBytes; offset += sizeof(uint))
            TPhysical.Write32(frame + offset, 0);
        if (!transport.TryEnableQueue(frame, frame + AvailableOffset, frame + UsedOffset))
            return Fail(ref transport);
        transport.WriteStatus(Acknowledge | Driver | FeaturesOk | DriverOk);
        return true;
    }

    private static bool Fail(ref TTransport transport)
    {
        transport.WriteStatus(Failed);
        return false;
    }

    // A device may deliver less than the buffer holds (5.4.6.1): then it is asked for the rest.
    private static int Collect(ref TTransport transport, ulong frame, byte* destination, int bytes)
    {
        long until = TProcessors.Now + DeliveryLimit;
        int delivered = 0;
        for (ushort request = 1; delivered < bytes; request++)
        {
            Post(frame, (uint)(bytes - delivered), request);
            transport.Notify();
            while (TPhysical.Read16(frame + UsedOffset + 2) != request)
            {
                if (TProcessors.Now > until)
                    return delivered;
                TProcessors.Pause();
            }

            uint descriptor = TPhysical.Read32(frame + UsedOffset + 4);
            uint length = TPhysical.Read32(frame + UsedOffset + 8);
            if (descriptor != 0 || length == 0 || length > (uint)(bytes - delivered))
                return 0;
            for (uint i = 0; i < length; i++)
                destination[delivered++] = TPhysical.Read8(frame + BufferOffset + i);
        }

        // Nobody else may find the seed there.
        for (ulong offset = 0; offset < MaximumBytes; offset += sizeof(uint))
            TPhysical.Write32(frame + BufferOffset + offset, 0);
        return delivered;
    }

    // The entry is written before the index that hands it over; the ring's only element names descriptor 0 already.
    private static void Post(ulong frame, uint bytes, ushort request)
    {
        ulong buffer = frame + BufferOffset;
        TPhysical.Write32(frame, (uint)buffer);
        TPhysical.Write32(frame + 4, (uint)(buffer >> 32));
        TPhysical.Write32(frame + 8, bytes);
        TPhysical.Write32(frame + 12, DeviceWrites);
        TPhysical.Write32(frame + AvailableOffset, NoInterrupt | ((uint)request << 16));
    }
}
