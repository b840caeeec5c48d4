// RFC 1035 4.2 and 7: one question, put to one server after another; RFC 5452: so that nobody can guess where the answer is awaited;
// RFC 7766: over TCP when it does not fit; RFC 6891 6.2.2: without EDNS for servers that do not know it.
using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Pipelines;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Dns;

/// <summary>To a question's actor: an answer, or with the default value, that the server's time is over; or that nobody is there.</summary>
public readonly struct DnsQuestionMessage(UdpDatagram datagram, ushort refusedPort = 0) : IDisposable
{
    /// <summary>The answer; none when the time is over.</summary>
    public UdpDatagram Datagram { get; } = datagram;

    /// <summary>The port whose question did not arrive, as the server's host or a router said; 0 otherwise.</summary>
    public ushort RefusedPort { get; } = refusedPort;

    /// <summary>Disposes the answer.</summary>
    public void Dispose() => Datagram.Dispose();
}

/// <summary>What the resolver's questions work with.</summary>
/// <param name="Configuration">Limits and times.</param>
/// <param name="Link">Where datagrams are rented.</param>
/// <param name="Udp">The UDP layer.</param>
/// <param name="Tcp">The TCP layer.</param>
/// <param name="Randomness">For ports and identifiers.</param>
/// <param name="Counters">Of DNS.</param>
public sealed record DnsSurroundings(
    DnsConfiguration Configuration, LinkResources Link, ActorRef<UdpMessage> Udp, ActorRef<TcpMessage> Tcp, IRandomness Randomness, LayerCounters Counters);

/// <summary>
/// Asks for one name and type, tells the resolver what it found, and stops. It waits for the transports and the resolver, which never wait for it.
/// </summary>
public sealed class DnsQuestionActor(DnsSurroundings around, string name, DnsType type, ImmutableArray<DnsServer> servers, ActorRef<DnsMessage> resolver)
    : Actor<DnsQuestionMessage>, IRefusesSwap
{
    private const ushort ServerPort = 53;
    private const int PortAttempts = 16;

    private readonly List<IpAddress> _addresses = [];
    private TimerHandle _deadline;
    private readonly string _asked = name;
    private string _name = name;
    private uint _seconds = uint.MaxValue;
    private int _links = around.Configuration.Aliases;
    private int _attempt = -1;
    private bool _extended = true;
    private ushort _id;
    private ushort _port;

    /// <inheritdoc/>
    string IRefusesSwap.WhyNotSwapped => "it is one question under way, and ends with its answer; a new one would not know what was asked.";

    /// <inheritdoc/>
    protected override void Started()
    {
        _deadline = Context.CreateTimer(default);
        _deadline.Restart(TimeSpan.Zero);
    }

    /// <inheritdoc/>
    protected override async ValueTask ReceiveAsync(DnsQuestionMessage message)
    {
        if (message.Datagram.Payload.IsNone)
        {
            // What is said of an earlier try says nothing of this one.
            if (message.RefusedPort == 0 || message.RefusedPort == _port)
                await NextAsync();
            return;
        }

        using UdpDatagram datagram = message.Datagram;
        // It answered the try whose port this is; that may be over.
        if (datagram.Destination.Port != _port)
        {
            around.Counters.Drop(DropCause.Unacceptable);
            return;
        }

        await TakeAsync(datagram.Payload.Data.ToArray(), overTcp: false);
    }

    // With the link that it is on, if its address says nothing without.
    private IpEndPoint Server
    {
        get
        {
            DnsServer server = servers[_attempt % servers.Length];
            return new(server.Address, ServerPort, (uint)server.Interface);
        }
    }

    private async ValueTask NextAsync()
    {
        _attempt++;
        await UnbindAsync();
        if (servers.IsEmpty || _attempt >= around.Configuration.Rounds * servers.Length)
            await FinishAsync(DnsStatus.TryAgain, 0);
        else
            await AskAsync();
    }

    private async ValueTask AskAsync()
    {
        // A new port and a new identifier each time: who has seen one question knows nothing of the next.
        if (!await TryBindAsync() || !TryWrite(out FrameBuffer question))
        {
            around.Counters.Drop(DropCause.NoBuffer);
            _deadline.Restart(around.Configuration.Timeout);
            return;
        }

        around.Counters.CountSent();
        _deadline.Restart(around.Configuration.Timeout * (1 << Math.Min(4, _attempt / servers.Length)));
        await around.Udp.TellAsync(UdpMessage.Send(
            new(question, new(default, _port), Server, new(MayFragment: true, Interface: (byte)Server.Scope))));
    }

    private bool TryWrite(out FrameBuffer question)
    {
        if (!around.Link.Frames.TryRent(out question))
            return false;
        question.SetLength(DnsQuery.MaximumLength);
        question.SetLength(DnsQuery.Write(question.Data, _id, _name, type, _extended));
        return true;
    }

    private async ValueTask<bool> TryBindAsync()
    {
        for (int attempt = 0; attempt < PortAttempts; attempt++)
        {
            (ushort port, _id) = Draw();
            DnsAnswerReceiver receiver = new(Context.Self, Server, port, _id, _name, type, around.Counters);
            if (!await around.Udp.AskAsync<bool>(bound => UdpMessage.TryBind(port, receiver, bound)))
                continue;
            _port = port;
            return true;
        }

        return false;
    }

    // RFC 6056 3.2: any port but the well-known ones.
    private (ushort Port, ushort Id) Draw()
    {
        Span<byte> drawn = stackalloc byte[4];
        around.Randomness.Fill(drawn);
        return ((ushort)(1024 + (BinaryPrimitives.ReadUInt16LittleEndian(drawn) % (65_536 - 1024))), BinaryPrimitives.ReadUInt16LittleEndian(drawn[2..]));
    }

    private async ValueTask UnbindAsync()
    {
        if (_port == 0)
            return;
        ushort port = _port;
        _port = 0;
        await around.Udp.TellAsync(UdpMessage.Unbind(port));
    }

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> message, bool overTcp)
    {
        switch (Judge(message.Span, overTcp))
        {
            case Verdict.Found:
                await FinishAsync(DnsStatus.Found, _seconds);
                break;
            case Verdict.NoSuchName:
                await FinishAsync(DnsStatus.NoSuchName, _negative);
                break;
            case Verdict.NoAddress:
                await FinishAsync(DnsStatus.NoAddress, _negative);
                break;
            case Verdict.Alias or Verdict.WithoutExtension:
                await UnbindAsync();
                await AskAsync();
                break;
            case Verdict.Truncated:
                await AskOverTcpAsync();
                break;
            case Verdict.NextServer:
                await NextAsync();
                break;
        }
    }

    private uint _negative;

    private enum Verdict
    {
        Ignore,
        Found,
        NoSuchName,
        NoAddress,
        Alias,
        WithoutExtension,
        Truncated,
        NextServer,
    }

    private Verdict Judge(ReadOnlySpan<byte> message, bool overTcp)
    {
        WireError error = DnsAnswer.TryParse(message, _id, _name, type, out DnsAnswer answer);
        if (error != WireError.None)
        {
            // Somebody who guesses does not end the wait for the true answer; a server on TCP has no second one.
            around.Counters.Drop(error);
            return overTcp ? Verdict.NextServer : Verdict.Ignore;
        }

        if (answer.IsTruncated && !overTcp)
            return Verdict.Truncated;
        if (answer.Code is DnsResponseCode.FormatError or DnsResponseCode.NotImplemented && _extended)
        {
            _extended = false;
            return Verdict.WithoutExtension;
        }

        if (answer.Code is not (DnsResponseCode.NoError or DnsResponseCode.NameError))
            return Verdict.NextServer;
        string before = _name;
        if (!answer.TryReadAddresses(ref _name, type, ref _links, _addresses, around.Configuration.AddressesPerName, ref _seconds))
        {
            _name = before;
            _addresses.Clear();
            around.Counters.Drop(DropCause.Malformed);
            return Verdict.NextServer;
        }

        if (_addresses.Count > 0)
            return Verdict.Found;
        _negative = Math.Min(answer.ReadNegativeSeconds() ?? 0, _seconds);
        if (answer.Code == DnsResponseCode.NameError)
            return Verdict.NoSuchName;
        // Another name without what it leads to, and without a word that there is nothing: that is asked for.
        return _name != before && _negative == 0 ? Verdict.Alias : Verdict.NoAddress;
    }

    // RFC 7766: the same question, with two octets of length before it.
    private async ValueTask AskOverTcpAsync()
    {
        IpEndPoint server = Server;
        await UnbindAsync();
        _deadline.Cancel();
        byte[]? answer = null;
        try
        {
            TcpConnection connection = await around.Tcp.AskAsync<TcpConnection>(
                reply => TcpMessage.Connect(new(server, new() { RunsInTurns = true }, reply)), around.Configuration.Timeout * 2);
            await using (connection)
            {
                using CancellationTokenSource enough = new(around.Configuration.Timeout * 2, Context.Time);
                answer = await ExchangeAsync(connection, enough.Token);
            }
        }
        catch (Exception failure) when (failure is AskFailedException or AskTimeoutException or OperationCanceledException or InvalidDataException)
        {
            around.Counters.Drop(DropCause.Unresolved);
        }

        if (answer is null)
            await NextAsync();
        else
            await TakeAsync(answer, overTcp: true);
    }

    private async Task<byte[]> ExchangeAsync(TcpConnection connection, CancellationToken enough)
    {
        byte[] question = new byte[2 + DnsQuery.MaximumLength];
        int length = DnsQuery.Write(question.AsSpan(2), _id, _name, type, _extended);
        BinaryPrimitives.WriteUInt16BigEndian(question, (ushort)length);
        await connection.Output.WriteAsync(question.AsMemory(0, 2 + length), enough);
        while (true)
        {
            ReadResult read = await connection.Input.ReadAsync(enough);
            if (TryTakeMessage(read.Buffer, out byte[]? answer))
                return answer;
            if (read.IsCompleted)
                throw new InvalidDataException("The server closed before it had answered.");
            connection.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static bool TryTakeMessage(ReadOnlySequence<byte> buffer, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out byte[]? message)
    {
        message = null;
        if (buffer.Length < 2)
            return false;
        Span<byte> prefix = stackalloc byte[2];
        buffer.Slice(0, 2).CopyTo(prefix);
        int length = BinaryPrimitives.ReadUInt16BigEndian(prefix);
        if (buffer.Length < 2 + length)
            return false;
        message = buffer.Slice(2, length).ToArray();
        return true;
    }

    private async ValueTask FinishAsync(DnsStatus status, uint seconds)
    {
        await UnbindAsync();
        await resolver.TellAsync(DnsMessage.Found(new(_asked, type, new(status, [.. _addresses], _name), seconds)));
        Context.Stop();
    }
}
