// RFC 1035 4: messages; RFC 5452: what forged ones look like.
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Troupe.Tools.Testing.Daemons;

/// <summary>A DNS server, over UDP and TCP, whose answers are wrong in the way that the first label of a name says.</summary>
internal sealed class LyingDnsServer : IDisposable
{
    /// <summary>The address that is never right.</summary>
    public static readonly IPAddress False = IPAddress.Parse("203.0.113.66");

    private const byte A = 1, Alias = 5;
    private static readonly IPAddress _true = IPAddress.Parse("192.0.2.1");

    private readonly Socket _datagrams;
    private readonly Socket _elsewhere;
    private readonly Socket _listener;
    private readonly ConcurrentDictionary<string, int> _asked = new();
    private readonly Random _random = new(1);

    public LyingDnsServer(IPEndPoint local, IPEndPoint elsewhere)
    {
        _datagrams = new Socket(SocketType.Dgram, ProtocolType.Udp);
        _datagrams.Bind(local);
        _elsewhere = new Socket(SocketType.Dgram, ProtocolType.Udp);
        _elsewhere.Bind(elsewhere);
        _listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(local);
        _listener.Listen();
        new Thread(ServeDatagrams) { IsBackground = true, Name = "lying DNS server" }.Start();
        new Thread(ServeConnections) { IsBackground = true, Name = "lying DNS server, TCP" }.Start();
    }

    /// <summary>Each lie, and how the answer of a resolver begins that does not believe it.</summary>
    public static IReadOnlyList<(string Lie, string Expected)> Lies { get; } =
    [
        ("truth", "Found truth.bad.example 192.0.2.1"),
        ("wrong-id", "Found wrong-id.bad.example 192.0.2.1"),
        ("wrong-question", "Found wrong-question.bad.example 192.0.2.1"),
        ("wrong-source", "Found wrong-source.bad.example 192.0.2.1"),
        ("no-question", "Found no-question.bad.example 192.0.2.1"),
        ("garbage", "Found garbage.bad.example 192.0.2.1"),
        ("not-an-answer", "Found not-an-answer.bad.example 192.0.2.1"),
        ("other-owner", "NoAddress"),
        ("pointer-loop", "NoAddress"),
        ("alias-loop", "TryAgain"),
        ("too-long", "TryAgain"),
        ("truncated", "Found truncated.bad.example 192.0.2.1"),
        ("truncated-for-ever", "TryAgain"),
        ("silence", "TryAgain"),
        ("failure", "TryAgain"),
        ("no-name", "NoSuchName"),
    ];

    /// <summary>How often a name was asked for.</summary>
    public int Asked(string name) => _asked.GetValueOrDefault(name);

    public void Dispose()
    {
        _datagrams.Dispose();
        _elsewhere.Dispose();
        _listener.Dispose();
    }

    private void ServeDatagrams()
    {
        var buffer = new byte[2048];
        while (true)
        {
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            try
            {
                var length = _datagrams.ReceiveFrom(buffer, ref from);
                foreach (var (answer, elsewhere) in Answers(buffer.AsSpan(0, length), overTcp: false))
                {
                    (elsewhere ? _elsewhere : _datagrams).SendTo(answer, from);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                if (exception is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
                {
                    continue;
                }

                return;
            }
        }
    }

    private void ServeConnections()
    {
        var buffer = new byte[2048];
        while (true)
        {
            try
            {
                using var connection = _listener.Accept();
                connection.ReceiveTimeout = 5000;
                var length = 0;
                while (length < 2 || length < 2 + BinaryPrimitives.ReadUInt16BigEndian(buffer))
                {
                    var count = connection.Receive(buffer.AsSpan(length));
                    if (count == 0)
                    {
                        break;
                    }

                    length += count;
                }

                if (length <= 2)
                {
                    continue;
                }

                foreach (var (answer, _) in Answers(buffer.AsSpan(2, length - 2), overTcp: true))
                {
                    byte[] framed = [(byte)(answer.Length >> 8), (byte)answer.Length, .. answer];
                    connection.Send(framed);
                }
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock or SocketError.ConnectionReset)
            {
                // The next one.
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private List<(byte[] Answer, bool Elsewhere)> Answers(ReadOnlySpan<byte> question, bool overTcp)
    {
        var at = 12;
        List<string> labels = [];
        for (; at < question.Length && question[at] != 0; at += question[at] + 1)
        {
            labels.Add(Encoding.ASCII.GetString(question.Slice(at + 1, question[at])).ToLowerInvariant());
        }

        var asked = question[..(at + 5)];
        var name = string.Join('.', labels);
        _asked.AddOrUpdate(name, 1, (_, count) => count + 1);
        var right = Message(asked, Record([0xC0, 12], A, _true.GetAddressBytes()));
        var wrong = Message(asked, Record([0xC0, 12], A, False.GetAddressBytes()));
        switch (labels.Count == 0 ? string.Empty : labels[0])
        {
            case "wrong-id":
                return [.. Enumerable.Range(1, 10).Select(guess => (With(wrong, 1, (byte)(wrong[1] + guess)), false)), (right, false)];
            case "wrong-question":
                var other = (byte[])wrong.Clone();
                other[14] ^= 1;
                return [(other, false), (right, false)];
            case "wrong-source":
                return [(wrong, true), (right, false)];
            case "no-question":
                return [([.. wrong[..4], 0, 0, 0, 1, 0, 0, 0, 0, .. Record(wrong.AsSpan(12, at + 1 - 12), A, False.GetAddressBytes())], false), (right, false)];
            case "garbage":
                var noise = new byte[200];
                _random.NextBytes(noise);
                return [(noise, false), (wrong[..11], false), ([], false), (right, false)];
            case "not-an-answer":
                return [(With(wrong, 2, (byte)(wrong[2] & 0x7F)), false), (right, false)];
            case "other-owner":
                return [(Message(asked, Record([5, .. "other"u8, 0], A, False.GetAddressBytes())), false)];
            case "pointer-loop":
                return [(Message(asked, Record([0xC0, (byte)asked.Length], A, False.GetAddressBytes())), false)];
            case "alias-loop":
                return [(Message(asked, Record([0xC0, 12], Alias, [0xC0, 12])), false)];
            case "too-long":
                // The length of the record's data says more than there is.
                return [(With(wrong, wrong.Length - 5, 200), false)];
            case "truncated":
                return [(overTcp ? right : With(wrong, 2, (byte)(wrong[2] | 2)), false)];
            case "truncated-for-ever":
                return overTcp ? [] : [(With(wrong, 2, (byte)(wrong[2] | 2)), false)];
            case "silence":
                return [];
            case "failure":
                return [(With(Message(asked), 3, 0x82), false)];
            case "no-name":
                return [(With(Message(asked), 3, 0x83), false)];
            default:
                return [(right, false)];
        }
    }

    private static byte[] With(byte[] message, int at, byte value)
    {
        var changed = (byte[])message.Clone();
        changed[at] = value;
        return changed;
    }

    private static byte[] Message(ReadOnlySpan<byte> asked, params ReadOnlySpan<byte> records) =>
        [asked[0], asked[1], 0x81, 0x80, 0, 1, 0, (byte)(records.Length > 0 ? 1 : 0), 0, 0, 0, 0, .. asked[12..], .. records];

    private static byte[] Record(ReadOnlySpan<byte> owner, byte type, ReadOnlySpan<byte> data) =>
        [.. owner, 0, type, 0, 1, 0, 0, 0, 60, 0, (byte)data.Length, .. data];
}
