// xen/include/public/io/netif.h: which nodes the two halves of a network card read of each other.
using System.Globalization;
using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>What xenstore knows of a network card. For one actor.</summary>
internal sealed class NetFrontConnection(ActorRef<XenStoreMessage> store, string path) : XenBusConnection(store, path)
{
    /// <summary>The card's address, and whether the other half completes checksums over both versions of IP. Null: xenstore tells no address.</summary>
    public async ValueTask<(HardwareAddress Address, bool CompletesChecksums)?> ReadAbilitiesAsync()
    {
        if (!TryParse(await ReadOwnAsync("mac"), out var address))
        {
            return null;
        }

        return (address, await ReadOtherAsync("feature-ipv6-csum-offload") == "1");
    }

    /// <summary>Tells the other half all it needs. False: xenstore took some of it not.</summary>
    public async ValueTask<bool> ConnectAsync(NetFrontNumbers numbers)
    {
        // What is not offered here the other half does not do: a frame takes one page, and is never larger than the link.
        return await WriteAsync("tx-ring-ref", numbers.TransmitRing)
            && await WriteAsync("rx-ring-ref", numbers.ReceiveRing)
            && await WriteAsync("event-channel", numbers.Channel)
            && await WriteAsync("request-rx-copy", 1)
            && await WriteAsync("feature-rx-notify", 1)
            && await WriteAsync("feature-sg", 0)
            && await WriteAsync("feature-gso-tcpv4", 0)
            && await WriteAsync("feature-gso-tcpv6", 0)
            && await WriteAsync("feature-no-csum-offload", 0)
            && await WriteAsync("feature-ipv6-csum-offload", 1)
            && await WriteAsync("state", (long)XenBusState.Connected);
    }

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
