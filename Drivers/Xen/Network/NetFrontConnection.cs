// xen/include/public/io/netif.h: which nodes the two halves of a network card read of each other; io/xenbus.h: their states.
using System.Globalization;
using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>What xenstore knows of a network card: its two halves, and how far each is. For one actor.</summary>
/// <param name="store">xenstore's client.</param>
/// <param name="path">The guest's half: <c>device/vif/0</c>.</param>
internal sealed class NetFrontConnection(ActorRef<XenStoreMessage> store, string path)
{
    private string? _otherPath;

    /// <summary>Has <paramref name="onChange"/> called when the other half's state changes. False: there is no other half.</summary>
    public async ValueTask<bool> TryWatchAsync(Action onChange)
    {
        _otherPath = await ReadAsync($"{path}/backend");
        return _otherPath is not null
            && await store.AskAsync<bool>(reply => new XenStoreMessage.Watch($"{_otherPath}/state", onChange, reply));
    }

    /// <summary>How far the other half is.</summary>
    public async ValueTask<XenBusState> ReadOtherStateAsync() =>
        int.TryParse(await ReadAsync($"{_otherPath}/state"), NumberStyles.None, CultureInfo.InvariantCulture, out var state) ? (XenBusState)state : XenBusState.Unknown;

    /// <summary>Says how far this half is.</summary>
    public async ValueTask SetStateAsync(XenBusState state) => await WriteAsync("state", (long)state);

    /// <summary>
    /// Does what is ours to do before two halves can connect: one that still knows an earlier incarnation is led through closing first. True: the other
    /// half waits for what <see cref="ConnectAsync"/> tells it. False: look again when its state changes.
    /// </summary>
    public async ValueTask<bool> IsReadyAsync()
    {
        switch (await ReadOtherStateAsync())
        {
            case XenBusState.InitWait:
                return true;
            case XenBusState.Initialised or XenBusState.Connected:
                await SetStateAsync(XenBusState.Closing);
                return false;
            case XenBusState.Closing:
                await SetStateAsync(XenBusState.Closed);
                return false;
            case XenBusState.Closed:
                await SetStateAsync(XenBusState.Initialising);
                return false;
            default:
                return false;
        }
    }

    /// <summary>The card's address, and whether the other half completes checksums over both versions of IP. Null: xenstore tells no address.</summary>
    public async ValueTask<(HardwareAddress Address, bool CompletesChecksums)?> ReadAbilitiesAsync()
    {
        if (!TryParse(await ReadAsync($"{path}/mac"), out var address))
        {
            return null;
        }

        return (address, await ReadAsync($"{_otherPath}/feature-ipv6-csum-offload") == "1");
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

    private ValueTask<string?> ReadAsync(string node) => store.AskAsync<string?>(reply => new XenStoreMessage.Read(node, reply));

    private ValueTask<bool> WriteAsync(string node, long value) =>
        store.AskAsync<bool>(reply => new XenStoreMessage.Write($"{path}/{node}", value.ToString(CultureInfo.InvariantCulture), reply));
}
