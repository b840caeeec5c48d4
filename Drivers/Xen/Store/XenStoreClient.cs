// docs/misc/xenstore.txt of Xen.
using System.Globalization;
using System.Text;
using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Core.Memory;

namespace Troupe.Drivers.Xen;

/// <summary>
/// The actor that talks to xenstore: one request at a time, in the order of arrival. There is one in a domain. Paths that do not begin with a slash are below the
/// domain's own directory.
/// </summary>
/// <remarks>When xenstore breaks its protocol the actor fails with <see cref="XenViolationException"/> and must not be started again: nobody could join the byte stream in its middle.</remarks>
public sealed class XenStoreClient : Actor<XenStoreMessage>, IRefusesSwap
{
    private readonly XenStoreConnection _connection;
    private readonly XenStoreRing _ring;
    private readonly XenStoreFrames _frames = new();
    private readonly Queue<XenStoreMessage> _waiting = new();
    private readonly Dictionary<string, Action> _watches = [];
    private ActorRef<XenStoreMessage>? _self;
    private byte[] _outgoing = [];
    private int _sent;
    private uint _request;
    private int _interrupted;

    /// <summary>Creates the client.</summary>
    public XenStoreClient(XenStoreConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        _connection = connection;
        _ring = new XenStoreRing(connection.Page);
    }

    /// <inheritdoc/>
    string IRefusesSwap.WhyNotSwapped => "it stands in the middle of a stream of octets, with questions and watches of others; a new one could not join it.";

    /// <inheritdoc/>
    protected override void Started()
    {
        _self = Context.Self;
        _connection.Channel.Connect(OnInterrupt);
    }

    /// <inheritdoc/>
    protected override void Stopped()
    {
        _connection.Channel.Disconnect();
        while (_waiting.TryDequeue(out var message))
        {
            Answer(message, null);
        }
    }

    /// <inheritdoc/>
    protected override ValueTask ReceiveAsync(XenStoreMessage message)
    {
        if (message is not XenStoreMessage.Interrupt)
        {
            _waiting.Enqueue(message);
            if (_waiting.Count == 1)
            {
                Begin();
            }
        }

        // As in every driver: the flag is looked at in each turn, so that a full mailbox loses no interrupt.
        ProcessorMemory.Exchange(ref _interrupted, 0);
        Exchange();
        return default;
    }

    /// <summary>Sends what is to be sent and takes what has come, until neither end can go on.</summary>
    private void Exchange()
    {
        long before;
        do
        {
            before = _ring.Transferred;
            if (_sent < _outgoing.Length)
            {
                _sent += _ring.Write(_outgoing.AsSpan(_sent));
            }

            while (_frames.TryRead(_ring))
            {
                Take();
            }

            // Room as well as bytes: a message may be longer than the ring.
            if (_ring.Transferred != before)
            {
                _connection.Channel.Notify();
            }
        }
        while (_ring.Transferred != before);
    }

    private void Take()
    {
        if (_frames.Kind == XenStoreKind.WatchEvent)
        {
            // Path and token, each ended by a zero.
            var parts = Encoding.UTF8.GetString(_frames.Payload).Split('\0');
            if (parts.Length >= 2 && _watches.TryGetValue(parts[1], out var onChange))
            {
                onChange();
            }

            return;
        }

        if (_waiting.Count == 0 || _frames.Request != _request || _sent < _outgoing.Length)
        {
            throw new XenViolationException("xenstore answers what nobody asked.");
        }

        var isError = _frames.Kind == XenStoreKind.Error;
        Answer(_waiting.Dequeue(), isError ? null : Encoding.UTF8.GetString(_frames.Payload));
        Begin();
    }

    private void Begin()
    {
        _outgoing = [];
        _sent = 0;
        if (!_waiting.TryPeek(out var message))
        {
            return;
        }

        _request++;
        switch (message)
        {
            case XenStoreMessage.Read read:
                _outgoing = XenStoreFrames.Make(XenStoreKind.Read, _request, read.Path, null);
                break;
            case XenStoreMessage.List list:
                _outgoing = XenStoreFrames.Make(XenStoreKind.Directory, _request, list.Path, null);
                break;
            case XenStoreMessage.Write write:
                _outgoing = XenStoreFrames.Make(XenStoreKind.Write, _request, write.Path, write.Value);
                break;
            case XenStoreMessage.Watch watch:
                var token = _watches.Count.ToString(CultureInfo.InvariantCulture);
                _watches.Add(token, watch.OnChange);
                _outgoing = XenStoreFrames.Make(XenStoreKind.Watch, _request, watch.Path, token);
                break;
        }
    }

    private static void Answer(XenStoreMessage message, string? payload)
    {
        switch (message)
        {
            case XenStoreMessage.Read read:
                read.Reply.Set(payload);
                break;
            case XenStoreMessage.List list:
                list.Reply.Set(payload is null ? [] : [.. payload.Split('\0', StringSplitOptions.RemoveEmptyEntries)]);
                break;
            case XenStoreMessage.Write write:
                write.Reply.Set(payload is not null);
                break;
            case XenStoreMessage.Watch watch:
                watch.Reply.Set(payload is not null);
                break;
        }
    }

    /// <summary>Runs on a worker, outside this actor's turns.</summary>
    private void OnInterrupt()
    {
        if (ProcessorMemory.Exchange(ref _interrupted, 1) == 0)
        {
            _self!.TryTell(XenStoreMessage.Interrupt.Instance);
        }
    }
}
