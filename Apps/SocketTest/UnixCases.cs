using System.Net.Sockets;
using static Troupe.Apps.SocketTest.Conformance;
using static Troupe.Apps.SocketTest.TcpCases;

namespace Troupe.Apps.SocketTest;

/// <summary>What is different about Unix domain sockets: names, and what is refused.</summary>
internal static class UnixCases
{
    public static IEnumerable<(string, Func<Task<string>>)> All =>
    [
        ("are supported", () => Sync(() => Socket.OSSupportsUnixDomainSockets)),
        ("a path is bound, listened on and connected to", () => AtPath(path =>
        {
            using Socket listener = Listen(path);
            using Socket client = Pair.Tcp();
            client.Connect(new UnixDomainSocketEndPoint(path));
            using Socket server = listener.Accept();
            client.Send([1, 2, 3]);
            return $"{server.Receive(new byte[9])} {client.RemoteEndPoint!.ToString() == path} {listener.LocalEndPoint!.ToString() == path} {server.LocalEndPoint!.ToString() == path}";
        })),
        ("a path is free when its socket has closed", () => AtPath(path =>
        {
            Listen(path).Dispose();
            using Socket again = Listen(path);
            return "bound";
        })),
        ("a path that is taken", () => AtPath(path =>
        {
            using Socket first = Listen(path);
            using Socket second = Pair.Tcp();
            return Answer(() => second.Bind(new UnixDomainSocketEndPoint(path)));
        })),
        ("an abstract name that is taken", () => Sync(() =>
        {
            using Socket first = Pair.Listen();
            using Socket second = Pair.Tcp();
            return Answer(() => second.Bind(first.LocalEndPoint!));
        })),
        ("connect to a path that there is not", () => AtPath(path =>
        {
            using Socket client = Pair.Tcp();
            return Answer(() => client.Connect(new UnixDomainSocketEndPoint(path)));
        })),
        ("connect to an abstract name that there is not", () => Sync(() =>
        {
            using Socket client = Pair.Tcp();
            return Answer(() => client.Connect(Pair.Own()));
        })),
        ("connect to who does not listen", () => Sync(() =>
        {
            using Socket bound = Pair.Tcp();
            bound.Bind(Pair.Own());
            using Socket client = Pair.Tcp();
            return Answer(() => client.Connect(bound.LocalEndPoint!));
        })),
        ("asynchronous connect to who does not listen", () => AnswerAsync(async () =>
        {
            using Socket client = Pair.Tcp();
            await client.ConnectAsync(Pair.Own());
            return "connected";
        })),
        ("asynchronous connect", async () =>
        {
            using Socket listener = Pair.Listen();
            using Socket client = Pair.Tcp();
            await client.ConnectAsync(listener.LocalEndPoint!);
            return $"{client.Connected}";
        }),
        ("a non-blocking connect is done at once", () => Sync(() =>
        {
            using Socket listener = Pair.Listen();
            using Socket client = Pair.Tcp();
            client.Blocking = false;
            client.Connect(listener.LocalEndPoint!);
            return client.Connected;
        })),
        ("listen without a name", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            return Answer(() => socket.Listen());
        })),
        ("bind twice", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            socket.Bind(Pair.Own());
            return Answer(() => socket.Bind(Pair.Own()));
        })),
        ("accept without listen", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            socket.Bind(Pair.Own());
            return Answer(() => socket.Accept());
        })),
        ("connect twice", () => Sync(() =>
        {
            using Socket listener = Pair.Listen();
            using Socket socket = Pair.Tcp();
            socket.Connect(listener.LocalEndPoint!);
            return Answer(() => socket.Connect(listener.LocalEndPoint!));
        })),
        ("connect of a listener", () => Sync(() =>
        {
            using Socket listener = Pair.Listen();
            using Socket other = Pair.Listen();
            return Answer(() => listener.Connect(other.LocalEndPoint!));
        })),
        ("send unconnected", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            return Answer(() => socket.Send([1]));
        })),
        ("receive unconnected", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            return Answer(() => socket.Receive(new byte[1]));
        })),
        ("shutdown unconnected", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            return Answer(() => socket.Shutdown(SocketShutdown.Both));
        })),
        ("remote end point unconnected", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            return Answer(() => socket.RemoteEndPoint);
        })),
        ("non-blocking accept of nothing", () => Sync(() =>
        {
            using Socket listener = Pair.Listen();
            listener.Blocking = false;
            return Answer(() => listener.Accept());
        })),
        ("non-blocking receive of nothing", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.Blocking = false;
            return Answer(() => pair.Client.Receive(new byte[4]));
        })),
        ("a listener that closes resets who was never accepted", () => Sync(() =>
        {
            Socket listener = Pair.Listen();
            using Socket client = Pair.Tcp();
            client.Connect(listener.LocalEndPoint!);
            listener.Dispose();
            return Answer(() => client.Receive(new byte[4]));
        })),
        ("a close with octets unread gives out what was sent", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Server.Send(new byte[10]);
            pair.Client.Send([1, 2]);
            pair.Client.Close();
            return $"{Answer(() => pair.Server.Receive(new byte[4]))} {Answer(() => pair.Server.Receive(new byte[4]))} {Answer(() => pair.Server.Receive(new byte[4]))}";
        })),
        ("a peer that does not receive breaks the pipe", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Server.Shutdown(SocketShutdown.Receive);
            return Answer(() => pair.Client.Send([1]));
        })),
        ("a long send is held up by its reader", async () =>
        {
            using Pair pair = Pair.Connect();
            byte[] sent = Pair.Pattern(3_000_000);
            Task<int> sending = Task.Run(() => pair.Client.Send(sent));
            await Task.Delay(100);
            bool before = sending.IsCompleted;
            byte[] got = new byte[sent.Length];
            int count = Pair.ReceiveAll(pair.Server, got);
            return $"{before} {count} {got.AsSpan().SequenceEqual(sent)} {await sending}";
        }),
        ("a receive times out", () => Sync(() =>
        {
            using Pair pair = Pair.Connect();
            pair.Client.ReceiveTimeout = 200;
            return Answer(() => pair.Client.Receive(new byte[1]));
        })),
        ("NoDelay", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            return Answer(() => socket.NoDelay = true);
        })),
        ("Ttl", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            return Answer(() => socket.Ttl);
        })),
        ("type and error", () => Sync(() =>
        {
            using Socket socket = Pair.Tcp();
            return $"{socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Type)} {socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)}";
        })),
        ("a stream of TCP", () => Sync(() =>
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Tcp);
            return "made";
        })),
        ("HttpClient over a socket", HttpAsync),
    ];

    private static Task<string> AtPath(Func<string, object?> action) => Sync(() =>
    {
        string path = Path.Combine(Path.GetTempPath(), $"troupe-{Environment.ProcessId}-{Guid.NewGuid():N}.sock");
        return action(path);
    });

    private static Socket Listen(string path)
    {
        Socket listener = Pair.Tcp();
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        return listener;
    }

    private static async Task<string> HttpAsync()
    {
        using Socket listener = Pair.Listen();
        Task serving = Task.Run(async () =>
        {
            using NetworkStream stream = new(await listener.AcceptAsync(), ownsSocket: true);
            byte[] request = new byte[4096];
            await stream.ReadAtLeastAsync(request, 1);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"u8.ToArray());
        });
        using SocketsHttpHandler handler = new()
        {
            ConnectCallback = async (_, token) =>
            {
                Socket socket = Pair.Tcp();
                await socket.ConnectAsync(listener.LocalEndPoint!, token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using HttpClient client = new(handler);
        string body = await client.GetStringAsync(new Uri("http://localhost/"));
        await serving;
        return body;
    }
}
