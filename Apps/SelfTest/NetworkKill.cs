using System.Buffers.Binary;
using System.Diagnostics;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.SelfTest;

/// <summary>Makes the driver of a network card fail, by a frame that nobody may use any more, and waits for the first frame that its next incarnation has sent.</summary>
internal sealed class NetworkKill(NetworkStack stack)
{
    private const int FrameLength = 60;

    // RFC 894 and RFC 791: a packet of IPv4 without options behind the addresses of the link and the type.
    private const int TypeOffset = 12, VersionOffset = 14, ProtocolOffset = 23, SourceOffset = 26, DestinationOffset = 30, PortsOffset = 34;
    private const ushort Ipv4 = 0x0800;
    private const byte VersionAndHeaderLength = 0x45, Udp = 17;

    // RFC 5737: for documentation, 192.0.2.1 and 192.0.2.2.
    private const uint Source = 0xC0000201, Destination = 0xC0000202;

    // IEEE 802, 8.2: administered locally; nobody on the link has it.
    private static readonly byte[] _nobody = [2, 0, 0, 0, 0, 1];

    private readonly ActorRef<NetworkDeviceMessage> _device = stack.Device;
    private uint _flow;

    /// <summary>
    /// Kills it, in the middle of a batch or at its begin. Each batch is of another flow: a card with several queue pairs has it killed in the middle by the actor of one of them, and at its begin,
    /// where the driver looks for the flow, by the driver. How long it was until a frame of the next incarnation was on its way.
    /// </summary>
    internal async Task<TimeSpan> KillAsync(bool inTheMiddle)
    {
        long resets = (await StatisticsAsync()).Resets;
        NetworkDeviceMessage poison = NetworkDeviceMessage.Transmit(Poison(inTheMiddle));
        long start = Stopwatch.GetTimestamp();
        await _device.TellAsync(poison);
        return await SentAsync(start, resets + 1);
    }

    /// <summary>How long it takes until a frame is on its way when nobody kills.</summary>
    internal Task<TimeSpan> ProbeAsync() => SentAsync(Stopwatch.GetTimestamp(), resets: 0);

    private async Task<TimeSpan> SentAsync(long start, long resets)
    {
        // What was sent when the next incarnation answers first; until then the last one may be alive, where the poison is in the mailbox of another pair.
        long? sent = null;
        while (true)
        {
            await _device.TellAsync(NetworkDeviceMessage.Transmit(Frames(1)));
            NetworkDeviceStatistics now = await StatisticsAsync();
            if (now.TransmittedFrames > sent)
                return Stopwatch.GetElapsedTime(start);
            if (now.Resets >= resets)
                sent ??= now.TransmittedFrames;
        }
    }

    /// <summary>What clients hold of the pools, whether that is nothing, and how often the device was found to break its rules.</summary>
    internal async Task<(string Report, bool IsWhole, long Violations)> LookAsync()
    {
        NetworkDeviceStatistics now = await StatisticsAsync();
        (int frames, int batches) = (stack.Link.Frames.RentedCount, stack.Link.Batches.RentedCount);
        return (
            $"network: {now.Resets} resets, {now.DeviceViolations} violations, {now.TransmitLostInReset} frames lost, held: {now.ReceivedFramesHeld} received frames, {frames} frames, {batches} batches",
            now.ReceivedFramesHeld + frames + batches == 0,
            now.DeviceViolations);
    }

    private ValueTask<NetworkDeviceStatistics> StatisticsAsync() => _device.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics, BlockDeviceMessage.Patience);

    private FrameBatch Poison(bool inTheMiddle)
    {
        FrameBatch batch = Frames(3);
        batch[inTheMiddle ? 1 : 0].Dispose();
        return batch;
    }

    private FrameBatch Frames(int count)
    {
        _flow++;
        while (true)
        {
            if (stack.Link.Batches.TryRent(out FrameBatch batch))
            {
                while (batch.Count < count && stack.Link.Frames.TryRent(out FrameBuffer frame))
                {
                    Span<byte> bytes = frame.Append(FrameLength);
                    Write(bytes);
                    if (!batch.TryAdd(frame))
                        frame.Dispose();
                }

                if (batch.Count == count)
                    return batch;
                batch.Dispose();
            }

            Thread.Yield();
        }
    }

    private void Write(Span<byte> frame)
    {
        frame.Clear();
        _nobody.CopyTo(frame);
        BinaryPrimitives.WriteUInt16BigEndian(frame[TypeOffset..], Ipv4);
        frame[VersionOffset] = VersionAndHeaderLength;
        frame[ProtocolOffset] = Udp;
        BinaryPrimitives.WriteUInt32BigEndian(frame[SourceOffset..], Source);
        BinaryPrimitives.WriteUInt32BigEndian(frame[DestinationOffset..], Destination);
        BinaryPrimitives.WriteUInt32BigEndian(frame[PortsOffset..], _flow);
    }
}
