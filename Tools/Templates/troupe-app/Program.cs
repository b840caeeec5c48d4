using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Troupe.Actors;
using Troupe.Apps.Hosting.Web;
using TroupeApp;

WebUnikernelBuilder builder = Unikernel.CreateBuilder(args).Listen(8080);
WebUnikernel app = builder.Build();
ActorRef<Visit>[] doors = Doors.Open(app.Actors);
app.MapGet("/", async (HttpContext context) =>
{
    ActorRef<Visit> door = doors[context.Connection.RemotePort % doors.Length];
    await context.Response.WriteAsync(await door.AskAsync<string>(static greeting => new Visit(greeting)) + "\n");
});
await app.RunAsync();
