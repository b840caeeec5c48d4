using System.Net;
using System.Net.Sockets;

namespace Troupe.Apps.SocketTest;

/// <summary>Clients as programs have them.</summary>
internal static class Clients
{
    private const int MessageLength = 64;

    /// <summary>A server and a client within this program, back and forth.</summary>
    public static async Task<int> EchoAsync(int rounds)
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Task serving = ServeAsync(listener);
        using TcpClient client = new();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        NetworkStream stream = client.GetStream();
        byte[] sent = new byte[MessageLength];
        byte[] received = new byte[MessageLength];
        long started = TimeProvider.System.GetTimestamp();
        for (int round = 0; round < rounds; round++)
        {
            Array.Fill(sent, (byte)round);
            await stream.WriteAsync(sent);
            await stream.ReadExactlyAsync(received);
            if (!sent.AsSpan().SequenceEqual(received))
                throw new InvalidDataException($"Round {round} came back changed.");
        }

        TimeSpan elapsed = TimeProvider.System.GetElapsedTime(started);
        client.Client.Shutdown(SocketShutdown.Send);
        await serving;
        Console.WriteLine($"echo: {rounds} rounds, {elapsed.TotalMicroseconds / rounds:F1} us each");
        return 0;
    }

    /// <summary>One page, and its second request over the same connection.</summary>
    public static async Task<int> GetAsync(Uri address)
    {
        using HttpClient client = new();
        for (int request = 1; request <= 2; request++)
        {
            using HttpResponseMessage response = await client.GetAsync(address);
            byte[] body = await response.Content.ReadAsByteArrayAsync();
            Console.WriteLine($"http: {(int)response.StatusCode}, {body.Length} bytes, sum {body.Sum(static octet => (long)octet)}");
        }

        return 0;
    }

    private static async Task ServeAsync(TcpListener listener)
    {
        using TcpClient client = await listener.AcceptTcpClientAsync();
        await client.GetStream().CopyToAsync(client.GetStream());
    }
}
