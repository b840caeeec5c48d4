using System.Net;
using System.Net.Sockets;
using static Troupe.Apps.SocketTest.Conformance;

namespace Troupe.Apps.SocketTest;

/// <summary>Connecting, and data in all the ways it can be sent and received, over whatever <see cref="Pair.Over"/> says.</summary>
internal static class TcpCases
{
    public static IEnumerable<(string, Func<Task<string>>)> All =>
    [
        ("tcp connects and accepts", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            return $"{pair.Client.Connected} {pair.Server.Connected}";
        })),
        ("tcp ends name each other", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            return $"{pair.Client.LocalEndPoint!.Equals(pair.Server.RemoteEndPoint)} {pair.Client.RemoteEndPoint!.Equals(pair.Server.LocalEndPoint)}";
        })),
        ("tcp the local address of a connection", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            return ((IPEndPoint)pair.Client.LocalEndPoint!).Address;
        })),
        ("tcp sends and receives", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            byte[] buffer = new byte[10];
            return $"{pair.Client.Send("hello"u8)} {pair.Server.Receive(buffer)}";
        })),
        ("tcp 5 MB arrive whole", async () =>
        {
            using Pair pair = Pair.Connect();
            byte[] sent = Pair.Pattern(5_000_000);
            byte[] got = new byte[sent.Length];
            Task sending = Task.Run(() => pair.Client.Send(sent));
            int count = Pair.ReceiveAll(pair.Server, got);
            await sending;
            return $"{count} {got.AsSpan().SequenceEqual(sent)}";
        }),
        ("tcp a blocking send takes all", async () =>
        {
            using Pair pair = Pair.Connect();
            Task<int> reading = Task.Run(() => Pair.ReceiveAll(pair.Server, new byte[3_000_000]));
            int sent = pair.Client.Send(new byte[3_000_000]);
            return $"{sent} {await reading}";
        }),
        ("tcp both directions at once", async () =>
        {
            using Pair pair = Pair.Connect();
            byte[] data = Pair.Pattern(1_000_000);
            Task<int>[] all =
            [
                Task.Run(() => pair.Client.Send(data)), Task.Run(() => pair.Server.Send(data)),
                Task.Run(() => Pair.ReceiveAll(pair.Client, new byte[data.Length])), Task.Run(() => Pair.ReceiveAll(pair.Server, new byte[data.Length])),
            ];
            return string.Join(' ', await Task.WhenAll(all));
        }),
        ("tcp peek leaves octets there", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Send("abc"u8);
            byte[] buffer = new byte[8];
            int peeked = pair.Server.Receive(buffer, SocketFlags.Peek);
            int again = pair.Server.Receive(buffer, SocketFlags.Peek);
            return $"{peeked} {again} {pair.Server.Receive(buffer)}";
        })),
        ("tcp available counts what waits", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            int before = pair.Server.Available;
            pair.Client.Send(new byte[100]);
            pair.Server.Poll(5_000_000, SelectMode.SelectRead);
            return $"{before} {pair.Server.Available}";
        })),
        ("tcp sends a list of buffers", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            int sent = pair.Client.Send([new ArraySegment<byte>([1, 2, 3]), ArraySegment<byte>.Empty, new ArraySegment<byte>([4, 5], 1, 1)]);
            byte[] got = new byte[4];
            return $"{sent} {Pair.ReceiveAll(pair.Server, got)} {string.Join(',', got)}";
        })),
        ("tcp receives into a list of buffers", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Send([1, 2, 3, 4, 5]);
            byte[] first = new byte[2];
            byte[] second = new byte[9];
            int got = pair.Server.Receive([new ArraySegment<byte>(first), new ArraySegment<byte>(second)]);
            return $"{got} {string.Join(',', first)} {string.Join(',', second)}";
        })),
        ("tcp receives into twenty buffers", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Send(new byte[15]);
            return pair.Server.Receive([.. Enumerable.Range(0, 20).Select(_ => new ArraySegment<byte>(new byte[1]))]);
        })),
        ("tcp peeks into a list of buffers", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Send([1, 2, 3]);
            byte[] first = new byte[2];
            byte[] second = new byte[2];
            int got = pair.Server.Receive([new ArraySegment<byte>(first), new ArraySegment<byte>(second)], SocketFlags.Peek);
            return $"{got} {string.Join(',', first)} {string.Join(',', second)} {pair.Server.Receive(new byte[9])}";
        })),
        ("tcp an empty send", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            return pair.Client.Send(ReadOnlySpan<byte>.Empty);
        })),
        ("tcp an empty receive waits for octets", async () =>
        {
            using Pair pair = Pair.Connect();
            ValueTask<int> waiting = pair.Server.ReceiveAsync(Memory<byte>.Empty);
            bool before = waiting.IsCompleted;
            pair.Client.Send([1]);
            return $"{before} {await waiting} {pair.Server.Receive(new byte[4])}";
        }),
        ("tcp asynchronous round trips", async () =>
        {
            using Pair pair = Pair.Connect();
            byte[] buffer = new byte[4];
            int total = 0;
            for (int round = 0; round < 200; round++)
            {
                await pair.Client.SendAsync(new byte[] { 1, 2, 3, 4 });
                total += await pair.Server.ReceiveAsync(buffer);
                await pair.Server.SendAsync(buffer);
                total += await pair.Client.ReceiveAsync(buffer);
            }

            return total.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }),
        ("tcp asynchronous accept and connect", async () =>
        {
            using Socket listener = Pair.Listen();
            Task<Socket> accepting = listener.AcceptAsync();
            using Socket client = Pair.Tcp();
            await client.ConnectAsync(listener.LocalEndPoint!);
            using Socket server = await accepting;
            return $"{client.Connected} {server.Connected}";
        }),
        ("tcp SocketAsyncEventArgs with a list", async () =>
        {
            using Pair pair = Pair.Connect();
            TaskCompletionSource done = new();
            using SocketAsyncEventArgs arguments = new() { BufferList = [new ArraySegment<byte>(new byte[3]), new ArraySegment<byte>(new byte[4])] };
            arguments.Completed += (_, _) => done.SetResult();
            if (!pair.Client.SendAsync(arguments))
                done.SetResult();
            await done.Task;
            return $"{arguments.SocketError} {arguments.BytesTransferred}";
        }),
        ("tcp twenty connections at once", async () =>
        {
            using Socket listener = Pair.Listen();
            Task<Socket>[] accepting = [.. Enumerable.Range(0, 20).Select(_ => listener.AcceptAsync())];
            Socket[] clients = [.. Enumerable.Range(0, 20).Select(_ => Pair.Tcp())];
            await Task.WhenAll(clients.Select(client => client.ConnectAsync(listener.LocalEndPoint!)));
            Socket[] servers = await Task.WhenAll(accepting);
            int connected = servers.Count(server => server.Connected);
            foreach (Socket socket in clients.Concat(servers))
                socket.Dispose();
            return connected.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }),
        ("tcp a file is sent", async () =>
        {
            using Pair pair = Pair.Connect();
            await pair.Client.SendFileAsync(null, "head"u8.ToArray(), "tail"u8.ToArray(), TransmitFileOptions.UseDefaultWorkerThread);
            byte[] buffer = new byte[8];
            return $"{Pair.ReceiveAll(pair.Server, buffer)} {System.Text.Encoding.ASCII.GetString(buffer)}";
        }),
        ("tcp a connection goes on after its listener closed", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Server.Send([1]);
            return pair.Client.Receive(new byte[2]);
        })),
    ];

    /// <summary>Cases that are about addresses of IPv4.</summary>
    public static IEnumerable<(string, Func<Task<string>>)> OfIpv4 =>
    [
        ("tcp connects to the host's name for itself", () => Sync(() =>
        {
            using Socket listener = Pair.Listen();
            using TcpClient client = new();
            client.Connect("localhost", Pair.PortOf(listener));
            return client.Connected;
        })),
        ("tcp dual mode reaches IPv4", () => Sync(() =>
        {
            using Socket listener = Pair.Listen();
            using Socket client = new(SocketType.Stream, ProtocolType.Tcp);
            client.Connect(IPAddress.Loopback, Pair.PortOf(listener));
            return $"{client.AddressFamily} {client.DualMode} {((IPEndPoint)client.RemoteEndPoint!).Address}";
        })),
        ("tcp dual mode listens for IPv4", () => Sync(() =>
        {
            using Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
            listener.Listen();
            using Socket client = Pair.Tcp();
            client.Connect(IPAddress.Loopback, Pair.PortOf(listener));
            using Socket server = listener.Accept();
            return $"{((IPEndPoint)server.RemoteEndPoint!).Address} {((IPEndPoint)listener.LocalEndPoint!).Address}";
        })),
        ("tcp a bound client keeps its port", () => Sync(() =>
        {
            using Socket listener = Pair.Listen();
            using Socket client = Pair.Tcp();
            client.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            int port = Pair.PortOf(client);
            client.Connect(listener.LocalEndPoint!);
            return port != 0 && port == Pair.PortOf(client);
        })),
        ("tcp TcpListener and TcpClient", async () =>
        {
            using TcpListener listener = new(IPAddress.Loopback, 0);
            listener.Start();
            bool before = listener.Pending();
            using TcpClient client = new();
            await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
            using TcpClient server = await listener.AcceptTcpClientAsync();
            await client.GetStream().WriteAsync("hello"u8.ToArray());
            byte[] buffer = new byte[5];
            await server.GetStream().ReadExactlyAsync(buffer);
            return $"{before} {System.Text.Encoding.ASCII.GetString(buffer)}";
        }),
    ];

    public static Task<string> Sync(Func<object?> action) => Task.FromResult(Answer(action));
}
