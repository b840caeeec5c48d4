// xen/include/public/io/netif.h: which nodes the two halves of a network card read of each other.
using System.Globalization;
using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>What xenstore knows of a network card. For one actor.</summary>
internal sealed class NetFrontConnection(ActorRef<XenStoreMessage> store, string path) : XenBusConnection(store, path)
{
    /// <summary>What the other half says. Null: xenstore tells no address.</summary>
    public async ValueTask<NetFrontAbilities?> ReadAbilitiesAsync()
    {
        if (!TryParse(await ReadOwnAsync("mac"), out var address))
        {
            return null;
        }

        var scatters = await HasAsync("feature-sg");
        var offload = FrameOffloadFlags.None;
        // Over IPv4 every other half completes checksums. Our stack asks for both or none; and who cuts into segments completes their checksums.
        if (await HasAsync("feature-ipv6-csum-offload"))
        {
            offload |= FrameOffloadFlags.NeedsChecksum;
            offload |= scatters && await HasAsync("feature-gso-tcpv4") ? FrameOffloadFlags.SegmentsIpv4 : FrameOffloadFlags.None;
            offload |= scatters && await HasAsync("feature-gso-tcpv6") ? FrameOffloadFlags.SegmentsIpv6 : FrameOffloadFlags.None;
        }

        return new NetFrontAbilities(address, offload, scatters, await ReadMostQueuesAsync());
    }

    /// <summary>Tells the other half all it needs. False: xenstore took some of it not.</summary>
    public async ValueTask<bool> ConnectAsync(NetFrontNumbers[] queues, NetFrontOptions options)
    {
        // What is not offered here the other half does not do.
        var takesLarge = NetFrontQueue.TakesLargePackets(options, queues.Length) ? 1 : 0;
        var takesBlank = options.Offloads ? 1 : 0;
        return await WriteQueuesAsync(queues)
            && await WriteAsync("request-rx-copy", 1)
            && await WriteAsync("feature-rx-notify", 1)
            && await WriteAsync("feature-sg", takesLarge)
            && await WriteAsync("feature-gso-tcpv4", takesLarge)
            && await WriteAsync("feature-gso-tcpv6", takesLarge)
            && await WriteAsync("feature-no-csum-offload", 1 - takesBlank)
            && await WriteAsync("feature-ipv6-csum-offload", takesBlank)
            && await WriteAsync("state", (long)XenBusState.Connected);
    }

    private async ValueTask<bool> WriteQueuesAsync(NetFrontNumbers[] queues)
    {
        if (!await WriteQueueCountAsync(queues.Length))
        {
            return false;
        }

        for (var index = 0; index < queues.Length; index++)
        {
            var prefix = QueuePrefix(index, queues.Length);
            if (!await WriteAsync($"{prefix}tx-ring-ref", queues[index].TransmitRing)
                || !await WriteAsync($"{prefix}rx-ring-ref", queues[index].ReceiveRing)
                || !await WriteAsync($"{prefix}event-channel", queues[index].Channel))
            {
                return false;
            }
        }

        return true;
    }

    private async ValueTask<bool> HasAsync(string feature) => await ReadOtherAsync(feature) == "1";

    private static bool TryParse(string? text, out HardwareAddress address)
    {
        address = default;
        if (text is null || !ulong.TryParse(text.Replace(":", string.Empty, StringComparison.Ordinal), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            || value >> 48 != 0)
        {
            return false;
        }

        address = new HardwareAddress(value);
        return true;
    }
}
