// RFC 9293 3.10.7.2: segments for ports somebody listens on; RFC 4987: what a flood of SYNs may cost.
using System.IO.Pipelines;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tcp;

public sealed partial class TcpActor
{
    private const TcpFlags OpeningFlags = TcpFlags.Syn | TcpFlags.Ack | TcpFlags.Rst | TcpFlags.Fin;

    // Until when acknowledgements may bring a cookie back; none does while none was given.
    private TimeSpan _cookiesUntil;

    // Resets are ignored, acknowledgements reset unless they bring a cookie, SYNs open. Answers whether the frame was dealt with.
    private bool ArrivesForListener(in TcpConnectionKey key, in TcpHeader header, [MovesWhen(true)] FrameBuffer frame)
    {
        if (!_listeners.TryFind(key.Local, out TcpListener? listener))
            return false;
        if ((header.Flags & OpeningFlags) == TcpFlags.Syn)
        {
            SynArrives(key, listener, header, frame);
            return true;
        }

        if ((header.Flags & (TcpFlags.Syn | TcpFlags.Ack | TcpFlags.Rst)) != TcpFlags.Ack || Now >= _cookiesUntil ||
            !SynCookie.TryRead(_shared.SequenceNumbers, key, header, Now, out _))
            return false;
        if (_connections.Count < Configuration.Connections && listener.TryReserveWaiting())
            Open(key, listener, frame, after: null);
        else
            DropSyn(frame);
        return true;
    }

    private void SynArrives(in TcpConnectionKey key, TcpListener listener, in TcpHeader syn, FrameBuffer frame)
    {
        if (_connections.Count < Configuration.Connections && listener.TryReserve(Configuration.HalfOpenConnections))
        {
            Open(key, listener, frame, _reopened?.SendNext);
            return;
        }

        // Many half-open connections are a flood; connections that nobody accepts are not, and a cookie would not help against that.
        if (Configuration.SynCookies && !listener.IsFull && _connections.Count < Configuration.Connections)
        {
            AnswerWithCookie(key, syn);
            frame.Dispose();
            return;
        }

        DropSyn(frame);
    }

    // Silence makes an honest client try again.
    private void DropSyn(FrameBuffer frame)
    {
        Counters.Drop(DropCause.TableFull);
        frame.Dispose();
    }

    private void Open(in TcpConnectionKey key, TcpListener listener, FrameBuffer first, SequenceNumber? after)
    {
        TcpConnectionActor connection = new(_shared, key, listener, Context.Self, ApplicationScheduler(listener.Options)) { After = after };
        BeginGroup(key, Spawn(key, connection), first);
    }

    private void AnswerWithCookie(in TcpConnectionKey key, in TcpHeader syn)
    {
        _cookiesUntil = Now + 2 * SynCookie.Period;
        bool notifies = Configuration.CongestionNotification != TcpCongestionNotification.Off && syn.Has(TcpFlags.Ece) && syn.Has(TcpFlags.Cwr);
        bool timestamps = Configuration.Timestamps && syn.Options.Timestamps is not null;
        // What the timestamp cannot carry back must not be agreed upon.
        TcpOptions options = new()
        {
            MaximumSegmentSize = (ushort)Configuration.SegmentSizeFor(
                key.Remote.Address, _shared.Internet.Of(key.Local.Address, key.Remote.Address).Link.MaximumTransmissionUnit),
            WindowScale = timestamps && syn.Options.WindowScale is not null ? Configuration.WindowScale : null,
            SackPermitted = timestamps && Configuration.SelectiveAcknowledgements && syn.Options.SackPermitted,
            Timestamps = timestamps
                ? (SynCookie.MarkTimestamp(
                    Timestamps.Value(Now, _shared.SequenceNumbers.TimestampOffset(key)), syn, Configuration.SelectiveAcknowledgements, notifies),
                    syn.Options.Timestamps!.Value.Value)
                : null,
        };
        TcpFlags flags = TcpFlags.Syn | TcpFlags.Ack | (timestamps && notifies ? TcpFlags.Ece : TcpFlags.None);
        Send(key, new(
            key.Local.Port, key.Remote.Port, SynCookie.Create(_shared.SequenceNumbers, key, syn, Now), syn.Sequence + 1, flags,
            (ushort)Math.Min(Configuration.ReceiveBuffer, ushort.MaxValue), options));
        Counters.CountCookie();
    }

    private void Listen(TcpListenRequest request)
    {
        ushort port = request.Local.Port;
        if (port == 0 && !_ports.TryPick(candidate => !_listeners.IsTaken(candidate), out port))
        {
            request.Reply.Set(null);
            return;
        }

        int backlog = Math.Clamp(request.Backlog ?? Configuration.Backlog, 1, Configuration.Backlog);
        TcpListener listener = new(new(request.Local.Address, port), backlog, request.Options, Context.Self) { IsIpv6Only = request.IsIpv6Only };
        request.Reply.Set(_listeners.TryAdd(listener) ? listener : null);
    }

    private PipeScheduler ApplicationScheduler(TcpApplicationOptions options) =>
        options.RunsInTurns ? _shared.Turns.Rent(Context.System, options.MayBlock) : options.Scheduler;
}
