// docs/misc/xenstore-paths.pandoc of Xen: control/shutdown.
using Troupe.Actors;

namespace Troupe.Drivers.Xen;

/// <summary>To <see cref="XenShutdownWatch"/>: look.</summary>
public readonly record struct XenShutdownMessage;

/// <summary>What the toolstack asks of a domain.</summary>
public enum XenShutdownRequest
{
    /// <summary>To end: <c>xl shutdown</c>.</summary>
    PowerOff,

    /// <summary>To end and be started anew: <c>xl reboot</c>.</summary>
    Reboot,

    /// <summary>Something else, such as <c>suspend</c>; it is not confirmed, and the toolstack gives up.</summary>
    Unknown,
}

/// <summary>Waits for the toolstack to ask the domain to end, confirms that, and has it done.</summary>
public sealed class XenShutdownWatch : Actor<XenShutdownMessage>, IRefusesSwap
{
    private const string Path = "control/shutdown";

    private readonly ActorRef<XenStoreMessage> _store;
    private readonly Action<XenShutdownRequest, string> _onRequest;
    private bool _isWatching;

    /// <summary>Creates the watch; <paramref name="onRequest"/> gets the request and its word, on a thread of its own.</summary>
    public XenShutdownWatch(ActorRef<XenStoreMessage> store, Action<XenShutdownRequest, string> onRequest)
    {
        _store = store;
        _onRequest = onRequest;
    }

    /// <inheritdoc/>
    string IRefusesSwap.WhyNotSwapped => "xenstore tells it of a request once, and a new one would take that for its own beginning: the domain could not be shut down.";

    /// <inheritdoc/>
    protected override void Started() => Context.Self.TryTell(default);

    /// <inheritdoc/>
    protected override async ValueTask ReceiveAsync(XenShutdownMessage message)
    {
        var self = Context.Self;
        if (!_isWatching)
        {
            _isWatching = await _store.AskAsync<bool>(reply => new XenStoreMessage.Watch(Path, () => self.TryTell(default), reply));
            return;
        }

        var word = await _store.AskAsync<string?>(static reply => new XenStoreMessage.Read(Path, reply));
        if (string.IsNullOrEmpty(word))
        {
            return;
        }

        var request = word switch
        {
            "poweroff" or "halt" => XenShutdownRequest.PowerOff,
            "reboot" => XenShutdownRequest.Reboot,
            _ => XenShutdownRequest.Unknown,
        };
        if (request != XenShutdownRequest.Unknown)
        {
            await _store.AskAsync<bool>(static reply => new XenStoreMessage.Write(Path, string.Empty, reply));
        }

        var act = _onRequest;
        _ = Task.Run(() => act(request, word));
    }
}
