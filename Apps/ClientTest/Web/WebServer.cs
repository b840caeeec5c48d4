using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Troupe.Apps.Benchmark;
using Troupe.Apps.Hosting.Web;

namespace Troupe.Apps.ClientTest.Web;

/// <summary>A web application: JSON, bytes both ways, WebSockets; HTTP/1.1 and HTTP/2, plain and by TLS.</summary>
internal static class WebServer
{
    private const int LongestMessage = 64 * 1024;

    public static async Task RunAsync(string[] args)
    {
        Servers ports = new(args);
        using X509Certificate2 certificate = ServerCertificate.Create(TimeProvider.System.GetUtcNow());
        WebUnikernelBuilder builder = Unikernel.CreateBuilder(args).Listen(ports.Port("plain", 8080)).ListenHttps(ports.Port("secure", 8443), certificate);
        builder.Web.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(ports.Port("http2", 8081), static listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.ConfigureHttpJsonOptions(static json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, MessageContext.Default));
        WebUnikernel app = builder.Build();
        app.Web.UseWebSockets();
        app.MapGet("/way", static (HttpContext context) => new Way(
            context.Request.Protocol, context.Features.Get<ITlsHandshakeFeature>()?.Protocol.ToString(), context.Request.Method, context.Request.Path));
        app.MapPost("/order", static (Order order) => new Bill(
            order.Customer, order.Lines.Sum(static line => line.Count), order.Lines.Sum(static line => line.Count * line.Price)));
        app.MapGet("/bytes", ByteSequence.SendAsync);
        app.MapPut("/bytes", ByteSequence.ReceiveAsync);
        app.MapGet("/echo", EchoAsync);
        await app.RunAsync();
    }

    /// <summary>Says every message again, text as text and bytes as bytes, until the client closes.</summary>
    private static async Task EchoAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
        byte[] buffer = new byte[LongestMessage];
        while (true)
        {
            ValueWebSocketReceiveResult received = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
            if (received.MessageType == WebSocketMessageType.Close)
                break;
            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", context.RequestAborted);
    }
}
