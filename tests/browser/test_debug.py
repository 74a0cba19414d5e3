def test_x(open_notebook, shot):
    nb = open_notebook("import gdc_jupyter as gdc\narea=gdc.BBoxMap()\narea.bbox=(11.332, 46.482, 11.364, 46.504)\narea")
    nb.run_all(90)
    nb.page.wait_for_timeout(1500)
    print(nb.page.evaluate("()=>[...document.querySelectorAll('.leaflet-overlay-pane path')].map(e=>e.outerHTML.slice(0,200)+e.getAttribute('d').length)"), nb.value("area.draw.data"))
    shot(nb, "debug2")
    nb.page.evaluate("()=>0")
