using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Smp.Host;
using Troupe.Smp.Kernel;

namespace Troupe.Apps.Benchmark;

/// <summary>
/// What the network did and holds, for <c>./troupe test attack</c> and its kin: counters by layer and cause, tables, frames, memory; a name and a number a
/// line. And the connections, as netstat lists them.
/// </summary>
internal sealed class NetworkReport(ActorSystem actors, Task<NetworkStack?> network)
{
    private const int FrameSize = 4096;

    /// <summary>GET /network, with <c>?collect=1</c> after a garbage collection.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        if (await network is not { } stack)
        {
            await RefuseAsync(context);
            return;
        }

        if (context.Request.Query["collect"] == "1")
            Collect();
        StringBuilder text = new();
        foreach (LocalAddress own in stack.Addresses.Ipv6)
        {
            if (own.Address.IsLinkLocal)
                text.Append(CultureInfo.InvariantCulture, $"link-local {own.Address}\n");
        }

        foreach (LayerCounters counters in stack.Counters)
            Add(text, counters);
        NetworkDeviceStatistics device = await stack.Device.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
        Add(text, "device.received", device.ReceivedFrames);
        Add(text, "device.transmitted", device.TransmittedFrames);
        Add(text, "device.received.merged", device.ReceivedMerged);
        Add(text, "device.transmitted.segmented", device.TransmittedSegmented);
        Add(text, "device.dropped.ClientBusy", device.ReceiveDroppedClientBusy);
        Add(text, "device.dropped.NoBatch", device.ReceiveDroppedNoBatch);
        Add(text, "device.heldback", device.ReceiveHeldBack);
        Add(text, "device.dropped.Malformed", device.ReceiveDroppedMalformed);
        Add(text, "device.dropped.QueueFull", device.TransmitDroppedQueueFull);
        for (int pair = 0; pair < device.Queues.Length; pair++)
        {
            Add(text, $"device.pair.{pair}.received", device.Queues[pair].ReceivedFrames);
            Add(text, $"device.pair.{pair}.transmitted", device.Queues[pair].TransmittedFrames);
            Add(text, $"device.pair.{pair}.interrupts", device.Queues[pair].Interrupts);
        }

        TcpListing listing = await TcpListing.ReadAsync(stack.Tcp);
        Add(text, "connections", listing.Connections.Length);
        Add(text, "pending", listing.Listeners.Sum(static listener => listener.Pending));
        Add(text, "time-wait", listing.TimeWait.Length);
        Add(text, "frames-rented", stack.Link.Frames.RentedCount);
        Add(text, "frames", stack.Link.Frames.FrameCount);
        Add(text, "actors", actors.ActorCount);
        Add(text, "failures", actors.FailureCount);
        Add(text, "heap-octets", GC.GetTotalMemory(forceFullCollection: false));
        if (Machine.IsImage)
        {
            KernelStatistics kernel = GuestMachine.Statistics;
            Add(text, "memory-octets", kernel.TotalFrames * FrameSize);
            Add(text, "resident-octets", (kernel.TotalFrames - kernel.FreeFrames) * FrameSize);
            Add(text, "uptime-milliseconds", kernel.Uptime / 1_000_000);
        }

        await context.Response.WriteAsync(text.ToString());
    }

    /// <summary>GET /connections: state, ends, queues, round trip, windows.</summary>
    public async Task ListAsync(HttpContext context)
    {
        if (await network is not { } stack)
        {
            await RefuseAsync(context);
            return;
        }

        StringBuilder text = new();
        foreach (TcpConnectionStatus line in await stack.ListConnectionsAsync())
        {
            text.Append(CultureInfo.InvariantCulture, $"{line.State,-12} {line.Key.Local} {line.Key.Remote} unread {line.Unread} unacknowledged {line.Outstanding}");
            text.Append(CultureInfo.InvariantCulture, $" waiting {line.Waiting} rtt {line.RoundTripTime?.TotalMilliseconds ?? 0:0.0} ms rto {line.RetransmissionTimeout.TotalMilliseconds:0} ms");
            text.Append(CultureInfo.InvariantCulture, $" cwnd {line.CongestionWindow} send {line.SendWindow} receive {line.ReceiveWindow} retransmitted {line.Retransmissions}\n");
        }

        await context.Response.WriteAsync(text.ToString());
    }

    private static void Collect()
    {
        // Twice: what a finaliser frees is free after the second.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    private static Task RefuseAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status501NotImplemented;
        return context.Response.WriteAsync("Hosted, the network is the host's.\n");
    }

    private static void Add(StringBuilder text, LayerCounters counters)
    {
        string layer = counters.Layer;
        Add(text, $"{layer}.received", counters.Received);
        Add(text, $"{layer}.sent", counters.Sent);
        Add(text, $"{layer}.dropped", counters.TotalDropped);
        if (counters.Cookies > 0)
            Add(text, $"{layer}.cookies", counters.Cookies);
        if (counters.Fragments > 0)
            Add(text, $"{layer}.fragments", counters.Fragments);
        if (counters.Reassembled > 0)
            Add(text, $"{layer}.reassembled", counters.Reassembled);
        foreach (DropCause cause in Enum.GetValues<DropCause>())
        {
            if (counters.Dropped(cause) is var dropped and > 0)
                Add(text, $"{layer}.dropped.{cause}", dropped);
        }
    }

    private static void Add(StringBuilder text, string name, long value) => text.Append(CultureInfo.InvariantCulture, $"{name} {value}\n");
}
