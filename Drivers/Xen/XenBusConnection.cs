// xen/include/public/io/xenbus.h: how the two halves of a device find each other in xenstore, and tell each other how far they are.
using System.Globalization;
using Troupe.Actors;

namespace Troupe.Drivers.Xen;

/// <summary>What xenstore knows of a device: its two halves, and how far each is. For one actor.</summary>
/// <param name="store">xenstore's client.</param>
/// <param name="path">The guest's half: <c>device/vif/0</c>.</param>
internal abstract class XenBusConnection(ActorRef<XenStoreMessage> store, string path)
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
        int.TryParse(await ReadOtherAsync("state"), NumberStyles.None, CultureInfo.InvariantCulture, out var state) ? (XenBusState)state : XenBusState.Unknown;

    /// <summary>Says how far this half is.</summary>
    public async ValueTask SetStateAsync(XenBusState state) => await WriteAsync("state", (long)state);

    /// <summary>Says that this half is closed, without waiting for xenstore: for a driver that ends.</summary>
    public void TellClosed() => store.TryTell(new XenStoreMessage.Write($"{path}/state", Text((long)XenBusState.Closed), default));

    /// <summary>
    /// Does what is ours to do before two halves can connect: one that still knows an earlier incarnation is led through closing first. True: the other
    /// half waits for what it is to be told. False: look again when its state changes.
    /// </summary>
    public async ValueTask<bool> IsReadyAsync()
    {
        switch (await ReadOtherStateAsync())
        {
            case XenBusState.InitWait:
                return true;
            case XenBusState.Unknown or XenBusState.Initialising:
                return false;
            case XenBusState.Closing:
                await SetStateAsync(XenBusState.Closed);
                return false;
            case XenBusState.Closed:
                await SetStateAsync(XenBusState.Initialising);
                return false;
            case XenBusState.Initialised or XenBusState.Connected:
            default:
                await SetStateAsync(XenBusState.Closing);
                return false;
        }
    }

    /// <summary>How many queues the other half takes: netif.h and blkif.h have the same node. One that says nothing, or nothing sensible, takes one.</summary>
    public async ValueTask<int> ReadMostQueuesAsync() =>
        int.TryParse(await ReadOtherAsync("multi-queue-max-queues"), NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most > 0 ? most : 1;

    /// <summary>Says how many queues there are. False: xenstore did not take it.</summary>
    /// <remarks>Of one queue as well: what an earlier incarnation said must not stay.</remarks>
    protected ValueTask<bool> WriteQueueCountAsync(int queues) => WriteAsync("multi-queue-num-queues", queues);

    /// <summary>What stands before the nodes of a queue. One queue's have nothing.</summary>
    protected static string QueuePrefix(int queue, int queues) => queues == 1 ? "" : $"queue-{queue}/";

    /// <summary>The guest's half.</summary>
    protected string Path => path;

    /// <summary>A node of this half.</summary>
    protected ValueTask<string?> ReadOwnAsync(string node) => ReadAsync($"{path}/{node}");

    /// <summary>A node of the other half.</summary>
    protected ValueTask<string?> ReadOtherAsync(string node) => ReadAsync($"{_otherPath}/{node}");

    /// <summary>Sets a node of this half.</summary>
    protected ValueTask<bool> WriteAsync(string node, string value) => store.AskAsync<bool>(reply => new XenStoreMessage.Write($"{path}/{node}", value, reply));

    /// <inheritdoc cref="WriteAsync(string, string)"/>
    protected ValueTask<bool> WriteAsync(string node, long value) => WriteAsync(node, Text(value));

    private ValueTask<string?> ReadAsync(string node) => store.AskAsync<string?>(reply => new XenStoreMessage.Read(node, reply));

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
