using System.Buffers.Binary;
using System.Diagnostics;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.SelfTest;

/// <summary>Makes the driver of a network card fail, by a frame that nobody may use any more, and waits for the first frame that its next incarnation has sent.</summary>
internal sealed class NetworkKill(NetworkStack stack)
{
    // IEEE 802, 9.2.4: for experiments on a link of one's own.
    private const ushort EtherType = 0x88B5;
    private const int FrameLength = 60;

    private readonly ActorRef<NetworkDeviceMessage> _device = stack.Device;

    /// <summary>Kills it, in the middle of a batch or at its begin. How long it was until a frame of the next incarnation was on its way.</summary>
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
        // Behind the poison in the mailbox, and so the first that the next incarnation handles.
        long sent = (await StatisticsAsync()).TransmittedFrames;
        while (true)
        {
            await _device.TellAsync(NetworkDeviceMessage.Transmit(Frames(1)));
            NetworkDeviceStatistics now = await StatisticsAsync();
            if (now.Resets >= resets && now.TransmittedFrames > sent)
                return Stopwatch.GetElapsedTime(start);
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
        while (true)
        {
            if (stack.Link.Batches.TryRent(out FrameBatch batch))
            {
                while (batch.Count < count && stack.Link.Frames.TryRent(out FrameBuffer frame))
                {
                    Span<byte> bytes = frame.Append(FrameLength);
                    bytes.Clear();
                    bytes[..6].Fill(0xFF);
                    BinaryPrimitives.WriteUInt16BigEndian(bytes[12..], EtherType);
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
}
